# ---- models -----------------------------------------------------------------------------------

# rma with its search for tau2 as sharp as rounding allows; `start` is where the search begins, which
# Sidik and Jonkman's estimate would depend on.
pool <- function(d, method, test, level, mods = ~ 1, start = NULL) {
  if (nrow(d) == 1) test <- "z"
  for (threshold in 10^-(12:5)) {
    control <- c(sharp, threshold = threshold, tau2.init = if (method != "SJ") start)
    fit <- try(rma(yi, vi, mods = mods, data = d, method = method, test = test, level = level,
                   control = control), silent = TRUE)
    if (!inherits(fit, "try-error")) return(fit)
  }
  stop(fit)
}

# Effects within trials, sampling errors of one trial correlated by rho. Where every trial has one
# effect, only the sum of the two variances can be told.
three_level <- function(d, rho, level) {
  d$effect <- seq_len(nrow(d))
  V <- vcalc(vi, cluster = study_id, obs = effect, rho = rho, data = d)
  nested <- if (anyDuplicated(d$study_id)) ~ 1 | study_id / effect else ~ 1 | study_id
  fit_by <- function(sigma2, ...) suppressWarnings(try(
    rma.mv(yi, V, random = nested, sigma2 = sigma2, data = d, level = level, control = list(...)),
    silent = TRUE))
  # searches stop early, one here and the other there, and that of both variances beside the maximum
  # where one of them is zero
  fits <- list()
  for (sigma2 in if (anyDuplicated(d$study_id)) list(c(0, NA), c(NA, 0), c(NA, NA)) else list(NA)) {
    simplex <- list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-16, maxit = 2e4)
    fits <- c(fits, list(do.call(fit_by, c(list(sigma2), simplex))))
    for (rel.tol in 10^-(12:8)) {
      fits <- c(fits, list(fit_by(sigma2, rel.tol = rel.tol)))
      if (!inherits(fits[[length(fits)]], "try-error")) break
    }
  }
  works <- Filter(function(fit) !inherits(fit, "try-error"), fits)
  if (length(works) == 0) stop(fits[[1]])
  works[[which.max(sapply(works, logLik))]]
}

# A fit of the events as counted, its sign turned where events are worse.
turned <- function(fit, dat) {
  if (any(dat$.sign < 0)) {
    fit$beta <- -fit$beta
    limits <- c(-fit$ci.ub, -fit$ci.lb)
    fit$ci.lb <- limits[1]
    fit$ci.ub <- limits[2]
  }
  fit
}
{% if mixed %}

# Counts by a mixed model of their own likelihood. Q is the likelihood ratio test of one common
# effect, with fixed intercepts also where the model's are random. At a tau2 of zero metafor's search
# for the exact model ends beside the maximum, or not at all, and gives no standard error; with random
# intercepts there may be two maxima, of which it finds the lower. Where a common effect is likelier,
# it is the maximum.
# Effective sizes of clusters are counted by whole persons, of rates by whole events.
mixed <- function(dat, measure, model, level) {
  two <- measure %in% c("OR", "IRR")
  if (measure %in% c("IRR", "IRLN")) {
    dat[c("ai", "ci")] <- round(dat[c("ai", "ci")])
    counts <- if (two) list(x1i = dat$ai, t1i = dat$n1i, x2i = dat$ci, t2i = dat$n2i)
      else list(xi = dat$ai, ti = dat$n1i)
  } else {
    whole <- round(cbind(dat$ai, dat$n1i - dat$ai, dat$ci, dat$n2i - dat$ci))
    dat[c("ai", "n1i", "ci", "n2i")] <- cbind(whole[, 1], whole[, 1] + whole[, 2], whole[, 3], whole[, 3] + whole[, 4])
    counts <- if (two) dat[c("ai", "n1i", "ci", "n2i")] else list(xi = dat$ai, ni = dat$n1i)
  }
  search <- list(optimizer = "bobyqa", tolPwrss = 1e-9, optCtrl = list(rhoend = 1e-9, maxfun = 1e5))
  exact <- if (requireNamespace("BiasedUrn", quietly = TRUE)) "dFNCHypergeo" else "dnoncenhypergeom"
  fit_of <- function(model, method = "ML") {
    control <- if (measure == "OR" && model == "CM.EL") list(dnchgcalc = exact) else list(glmerCtrl = search)
    suppressWarnings(do.call(rma.glmm, c(as.list(counts), list(
      measure = measure, model = model, method = method, level = level, control = control,
      nAGQ = if (two && model == "UM.RS") 1 else 25))))
  }
  lone <- nrow(dat) == 1 # one trial has no effects that could differ
  fit <- try(fit_of(model, if (lone) "EE" else "ML"), silent = TRUE)
  if (!lone && two && (model %in% c("CM.EL", "UM.RS") || inherits(fit, "try-error"))) {
    common <- fit_of(model, "EE")
    if (inherits(fit, "try-error") || logLik(common) > logLik(fit) - 1e-4) {
      fit <- common
      fit[c("tau2", "I2", "H2")] <- list(0, 0, 1)
    }
  }
  free <- if (two && model == "UM.RS") fit_of("UM.FS", "EE") else fit
  if (is.na(free$QE.LRT)) { # of one trial alone that tells something
    fit[c("I2", "H2")] <- list(0, 1)
    free[c("QE.LRT", "QEp.LRT")] <- list(0, 1)
  }
  fit <- turned(fit, dat)
  half <- qnorm((1 + level / 100) / 2) * sqrt(fit$se^2 + fit$tau2)
  found <- c(line_of(fit), normal_of(fit), I2 = fit$I2, H2 = fit$H2, Q = free$QE.LRT,
             Q_p = free$QEp.LRT, pi_low = c(fit$beta) - half, pi_high = c(fit$beta) + half)
  found["k"] <- nrow(dat)
  list(fit = fit, numbers = found)
}
{% endif %}

# Mantel-Haenszel or Peto of the events themselves; trials without events count as trials, I2 and H2
# are those of Q, and the sign is turned where events are worse.
counted <- function(dat, measure, level) {
  fit <- if (measure == "PETO") rma.peto(ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat, level = level)
    else if (measure %in% c("IRR", "IRD"))
      rma.mh(measure = measure, x1i = ai, t1i = n1i, x2i = ci, t2i = n2i, data = dat, level = level)
    else rma.mh(measure = measure, ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat,
                level = level)
  fit <- turned(fit, dat)
  h2 <- if (fit$k.yi > 1) fit$QE / (fit$k.yi - 1) else 1
  i2 <- if (fit$QE > 0) 100 * max(0, 1 - 1 / h2) else 0
  found <- c(line_of(fit), normal_of(fit), I2 = i2, H2 = h2, Q = fit$QE, Q_p = fit$QEp)
  found["k"] <- nrow(dat)
  list(fit = fit, numbers = found)
}

# What metafor says of a fit, by the names of expected.csv.gz.
line_of <- function(fit, coefficient = 1) {
  c(k = fit$k, estimate = fit$beta[[coefficient]], se = fit$se[coefficient],
    p = fit$pval[coefficient], ci_low = fit$ci.lb[coefficient], ci_high = fit$ci.ub[coefficient],
    tau2 = if (is.null(fit$tau2)) 0 else fit$tau2)
}
homogeneity_of <- function(fit) c(I2 = fit$I2, H2 = fit$H2, Q = fit$QE, Q_p = fit$QEp,
  I2_q = if (fit$k > fit$p && fit$QE > fit$k - fit$p) 100 * (1 - (fit$k - fit$p) / fit$QE) else 0)

# Prediction interval, and Q-profile interval of tau2. `prediction` is "test" (as metafor has it), by
# t with "k-1" or "k-2" degrees of freedom and the model's standard error (Higgins et al. 2009), or
# "HK", with that of Hartung and Knapp (Partlett & Riley 2017).
spread_of <- function(fit, prediction) {
  if (fit$method == "EE" || fit$k == 1) return(NULL)
  predicted <- predict(fit)
  if (prediction != "test") {
    w <- 1 / (fit$vi + fit$tau2)
    variance <- 1 / sum(w)
    if (prediction == "HK") variance <- variance * sum(w * (fit$yi - c(fit$beta))^2) / (fit$k - 1)
    df <- fit$k - if (prediction == "k-2") 2 else 1
    half <- if (df > 0) qt(1 - fit$level / 2, df) * sqrt(variance + fit$tau2) else NA
    predicted <- list(pi.lb = c(fit$beta) - half, pi.ub = c(fit$beta) + half)
  }
  profile <- confint(fit, control = sharp)$random["tau^2", ]
  c(pi_low = predicted$pi.lb, pi_high = predicted$pi.ub,
    tau2_ci_low = profile[["ci.lb"]], tau2_ci_high = profile[["ci.ub"]])
}
normal_of <- function(fit) c(z_ci_low = fit$ci.lb, z_ci_high = fit$ci.ub)
natural_of <- function(fit, back) {
  c(natural = back(fit$beta[1]), natural_low = back(fit$ci.lb), natural_high = back(fit$ci.ub))
}

# What an interval says against a margin (NA: against zero alone), Piaggio et al. 2012, JAMA
# 308:2594; a positive effect favours the intervention, and limits on a line go to the weaker class.
class_of <- function(low, high, margin) {
  if (low > 0) return("superior")
  if (is.na(margin)) return(if (high < 0) "inferior" else "inconclusive")
  if (low > -margin) return(if (high < 0) "noninferior but statistically worse" else "noninferior")
  if (high < -margin) "inferior"
  else if (high < 0) "inconclusive, statistically worse"
  else "inconclusive"
}
check_margins <- function(analysis, fit, normal, margins, near = tolerance) {
  for (i in seq_along(margins)) {
    said(analysis, "margins", i, "conclusion", class_of(fit$ci.lb, fit$ci.ub, margins[i]))
    said(analysis, "margins", i, "z_conclusion", class_of(normal[1], normal[2], margins[i]))
    if (!is.na(margins[i])) { # one-sided p of an effect of -margin or worse
      stat <- (fit$beta[[1]] + margins[i]) / fit$se
      df <- if (is.null(fit$ddf) || is.na(fit$ddf[1])) Inf else fit$ddf[1]
      check(analysis, "margins", i, c(noninferiority_p = pt(stat, df, lower.tail = FALSE)), near)
    }
  }
}

# Egger's test: the effects against their standard errors, or what else stands for the size of a
# study, weighted (Egger et al. 1997).
check_asymmetry <- function(analysis, dat, predictor = "sei") {
  dat <- dat[!is.na(dat$yi), ]
  found <- if (predictor %in% c("sei", "vi")) regtest(dat$yi, dat$vi, model = "lm", predictor = predictor)
    else regtest(dat$yi, dat$vi, ni = dat$ni, model = "lm", predictor = predictor)
  check(analysis, "asymmetry", 1, c(stat = found$zval, ddf = found$ddf, p = found$pval))
}

# PET-PEESE: effects regressed on standard errors (PET), or on variances (PEESE) where PET's effect
# of a study without error is above zero at one-sided 0.05 (Stanley & Doucouliagos 2014).
check_pet_peese <- function(analysis, dat, level) {
  pet <- lm(yi ~ sqrt(vi), data = dat, weights = 1 / vi)
  way <- if (sum(dat$yi / dat$vi) >= 0) 1 else -1
  above <- min(way * confint(pet, level = 0.9)[1, ]) > 0
  chosen <- if (isTRUE(above)) lm(yi ~ vi, data = dat, weights = 1 / vi) else pet
  limits <- confint(chosen, level = level)[1, ]
  check(analysis, "pet_peese", 1, c(k = nrow(dat), estimate = coef(chosen)[[1]],
                                    ci_low = limits[[1]], ci_high = limits[[2]]))
}

# Subgroups in the order in which they appear, each with its own tau2; the test of difference is
# that of homogeneity of the groups' estimates.
check_subgroups <- function(analysis, part, dat, groups, fit_of) {
  known <- !is.na(groups)
  dat <- dat[known, ]
  groups <- groups[known]
  fits <- lapply(unique(groups), function(group) fit_of(dat[groups == group, ]))
  for (i in seq_along(fits)) check(analysis, part, i, line_of(fits[[i]]))
  apart <- rma(sapply(fits, function(fit) fit$beta[1]), sei = sapply(fits, function(fit) fit$se),
               method = "EE")
  check(analysis, part, 0, c(stat = apart$QE, p = apart$QEp))
}

# The trials that have all of some columns; text is a category, in the order of its characters.
known <- function(d, columns, categories) {
  d <- d[stats::complete.cases(d[columns]), ]
  for (name in categories) {
    d[[name]] <- factor(d[[name]], levels = sort(unique(d[[name]]), method = "radix"))
  }
  d
}
center <- function(x) x - mean(x)
ns <- splines::ns
bs <- splines::bs

left_alone <- function(analysis, part) {
  expected$checked[expected$analysis == analysis & expected$part == part] <<- TRUE
  cat(sprintf("%s, %s: not computed again\n", analysis, part))
}

check_regression <- function(analysis, part, fit, centred = FALSE) {
  for (i in seq_along(fit$beta)) check(analysis, part, i, line_of(fit, i))
  if (centred) {
    there <- if (ncol(fit$X) == 1) predict(fit) # a moderator that does not vary is left out
      else predict(fit, newmods = colMeans(fit$X[, -1, drop = FALSE]))
    check(analysis, part, length(fit$beta) + 1,
          c(k = fit$k, estimate = there$pred, ci_low = there$ci.lb, ci_high = there$ci.ub))
  }
  check(analysis, part, 0, c(stat = fit$QM, p = fit$QMp))
}

# Whether the quick mode leaves out what fits the model again without each trial.
left_out <- function(analysis, part, dat) {
  if (!quick || nrow(dat) <= many) return(FALSE)
  expected$skipped[expected$analysis == analysis & expected$part == part] <<- TRUE
  cat(sprintf("%-24s %s of %d trials left out: quick mode, more than %d trials\n", analysis, part,
              nrow(dat), many))
  TRUE
}
check_leave_one_out <- function(analysis, dat, fit_of, fit) {
  if (left_out(analysis, "leave_one_out", dat)) return(invisible())
  for (i in seq_len(nrow(dat)))
    check(analysis, "leave_one_out", i, line_of(fit_of(dat[-i, ], start = fit$tau2)))
}
check_without_each <- function(analysis, dat, lines, line_of) {
  if (left_out(analysis, "leave_one_out", dat)) return(invisible())
  for (i in lines)
    check(analysis, "leave_one_out", i, line_of(dat[dat$study_id != unique(dat$study_id)[i], ], paste("leave_one_out", i)))
}
check_without_influential <- function(analysis, dat, fit_of) {
  if (left_out(analysis, "without_influential", dat)) return(invisible())
  fit <- fit_of(dat, test = "z")
  for (threshold in 10^-(12:5)) { # a search without one trial may not end so sharply
    fit$control$threshold <- threshold
    influential <- influence(fit)$is.infl
    if (!anyNA(influential)) break
  }
  check(analysis, "without_influential", 1, line_of(fit_of(dat[!influential, ])))
}

# Results of one trial averaged, their sampling errors correlated by rho.
averaged <- function(d, rho) {
  cluster <- factor(d$study_id, levels = unique(d$study_id))
  sum_v <- tapply(d$vi, cluster, sum)
  sum_sd <- tapply(sqrt(d$vi), cluster, sum)
  data.frame(yi = as.vector(tapply(d$yi, cluster, mean)),
             vi = as.vector((1 - rho) * sum_v + rho * sum_sd^2) / as.vector(table(cluster))^2)
}
