# ---- effects from what was reported ---------------------------------------------------------
#
# A row of reported.csv is an arm or a contrast as its report gives it, and `side` is its role. From
# it follow mean and SD of each arm (or the estimate of the contrast), from these the effect and its
# variance by escalc, and from the instrument's direction the sign: positive favours the
# intervention. What escalc does not compute has its source beside it; CH is the Cochrane Handbook.

yes <- function(x) !is.na(x) && x == "yes"
given <- function(...) all(!is.na(c(...)))
level_of <- function(x) if (is.na(x$ci_level)) 0.95 else x$ci_level
two_sided <- function(x, p) if (isTRUE(x$p_sides == 1)) 2 * min(p, 1 - p) else p
f_of <- function(x) if (is.na(x$df1) || x$df1 == 1) x$f else NA
r_squared_of <- function(x) if (is.na(x$r_squared)) x$correlation^2 else x$r_squared

# 1 + (M - 1) ICC for clusters of M persons on average (CH 23.1.4); 1 without clusters.
inflation <- function(x) if (given(x$cluster_size, x$icc)) 1 + (x$cluster_size - 1) * x$icc else 1

# Mean and SD of an arm, of scores or of change from baseline.
mean_sd <- function(x, plan) {
  if (!plan$change) return(score_of(x))
  if (given(x$mean_change) && (given(x$sd_change) || is.na(x$mean)))
    return(with_spread(x, x$mean_change, x$sd_change))
  after <- score_of(x)
  mean <- if (given(x$mean_change)) x$mean_change else after$mean - x$baseline_mean
  if (given(x$sd_change)) return(list(mean = mean, sd = x$sd_change, explained = 0))
  # CH 6.5.2.8
  r <- if (given(x$correlation)) x$correlation else plan$occasions
  sd <- sqrt(x$baseline_sd^2 + after$sd^2 - 2 * r * x$baseline_sd * after$sd)
  list(mean = mean, sd = sd, explained = after$explained)
}

# Medians with quartiles, range or both: means by Luo et al. 2018, equations 15, 11 and 7, SDs by
# Shi et al. 2020, equation 10, and Wan et al. 2014, equations 16 and 9; as conv.fivenum of metafor
# from version 4 on.
score_of <- function(x) {
  if (given(x$mean)) return(with_spread(x, x$mean, x$sd))
  n <- x$n
  wide <- (x$maximum - x$minimum) / (2 * qnorm((n - 0.375) / (n + 0.25)))
  narrow <- (x$q3 - x$q1) / (2 * qnorm((0.75 * n - 0.125) / (n + 0.25)))
  ends <- (x$minimum + x$maximum) / 2
  inner <- (x$q1 + x$q3) / 2
  if (given(wide, narrow)) {
    a <- 2.2 / (2.2 + n^0.75)
    b <- 0.7 - 0.72 / n^0.55
    mean <- a * ends + b * inner + (1 - a - b) * x$median
    share <- 1 / (1 + 0.07 * n^0.6)
    sd <- share * wide + (1 - share) * narrow
  } else if (given(narrow)) {
    a <- 0.7 + 0.39 / n
    mean <- a * inner + (1 - a) * x$median
    sd <- narrow
  } else {
    a <- 4 / (4 + n^0.75)
    mean <- a * ends + (1 - a) * x$median
    sd <- wide
  }
  list(mean = mean, sd = sd, explained = 0)
}

# SD as reported, else from the SE or t interval of the mean (CH 6.5.2.2), else of the model. What
# clusters (White & Thomas 2005) and covariates (Borenstein 2009, table 12.3) did to it is undone.
with_spread <- function(x, mean, sd) {
  if (given(sd)) return(list(mean = mean, sd = sd, explained = 0))
  clusters <- yes(x$clusters_analysed)
  if (given(x$se)) sd <- x$se * sqrt(x$n)
  else if (given(x$ci_low, x$ci_high))
    sd <- sqrt(x$n) * (x$ci_high - x$ci_low) / 2 / qt((1 + level_of(x)) / 2, x$n - 1)
  else {
    sd <- x$residual_sd
    clusters <- FALSE
  }
  if (clusters) sd <- sd / sqrt(inflation(x))
  explained <- if (yes(x$model_adjusted)) r_squared_of(x) else 0
  list(mean = mean, sd = sd / sqrt(1 - explained), explained = explained)
}

# The variance of an estimate as reported, else from its SE, else from its normal interval.
variance_of <- function(x) {
  if (given(x$variance)) return(x$variance)
  if (given(x$se)) return(x$se^2)
  ((x$ci_high - x$ci_low) / (2 * qnorm((1 + level_of(x)) / 2)))^2
}

# Time at risk of an arm, in the person-years that rates are told for.
time_of <- function(x) x$person_years / 100

# Several arms of one side as one arm: CH table 6.5.a; events added up; estimates weighted by n.
one_arm <- function(arms, plan, share = 1) {
  n <- sapply(arms, function(x) x$n)
  total <- sum(n)
  out <- list(n = total * share, explained = 0)
  if (plan$family == "MEANS") {
    each <- lapply(arms, mean_sd, plan = plan)
    means <- sapply(each, function(x) x$mean)
    sds <- sapply(each, function(x) x$sd)
    out$explained <- min(sapply(each, function(x) x$explained))
    out$mean <- sum(n * means) / total
    squares <- sum((n - 1) * sds^2 + n * (means - out$mean)^2)
    out$sd <- if (length(arms) == 1) sds else sqrt(squares / (total - 1))
  }
  if (plan$family %in% c("EVENTS", "RATES"))
    out$events <- sum(sapply(arms, function(x) x$events)) * share
  if (plan$family == "RATES") out$time <- sum(sapply(arms, time_of)) * share
  if (plan$family == "READY") {
    out$estimate <- sum(n * sapply(arms, function(x) x$estimate)) / total
    out$variance <- sum(n^2 * sapply(arms, variance_of)) / total^2
  }
  out
}

# Estimate and variance of a reported contrast. `of` names its metric in one way.
contrast_effect <- function(x, plan, arms) {
  measure <- plan$measure
  ratio <- x$of %in% c("OR", "RR", "HR", "ROM", "IRR")
  if (given(x$estimate) && ratio && measure %in% c(x$of, "GEN")) { # as printed: logged (CH 6.3.2)
    width <- log(x$ci_high) - log(x$ci_low)
    se <- if (given(x$ci_low, x$ci_high)) width / (2 * qnorm((1 + level_of(x)) / 2))
      else log(x$estimate) / qnorm(two_sided(x, x$p) / 2)
    return(c(log(x$estimate), se^2))
  }
  own <- measure == "GEN" || x$of %in% c(measure, paste("log", measure)) ||
    (measure == "MD" && x$of == "MD of change")
  if (given(x$estimate) && own) {
    known <- variance_of(x)
    if (given(known)) return(c(x$estimate, known))
    if (given(x$p) && x$estimate != 0)
      return(c(x$estimate, (x$estimate / qnorm(two_sided(x, x$p) / 2))^2))
    if (measure == "SMD") return(c(x$estimate, variance_of_g(x$estimate, model_of(x, plan))))
    return(c(x$estimate, x$estimate^2 / (if (given(x$t)) x$t^2 else f_of(x))))
  }
  standardized(x, plan, arms)
}

# How far a model's variance differs from that of two independent groups.
model_of <- function(x, plan) {
  paired <- yes(x$crossover)
  adjusted <- yes(x$model_adjusted)
  clusters <- yes(x$clusters_analysed)
  n <- c(x$n, if (paired && is.na(x$versus_n)) x$n else x$versus_n)
  r <- if (is.na(x$correlation)) plan$crossover else x$correlation
  m <- list(n = n, sizes = sum(1 / n), paired = paired, adjusted = adjusted,
            plain = !paired && !adjusted && !clusters,
            df = if (paired) min(n) - 1 else sum(n) - 2,
            r_squared = if (!adjusted) 0 else if (paired) x$r_squared else r_squared_of(x),
            inflation = if (!clusters) 1 else 1 + (x$cluster_size - 1) * x$icc,
            apart = if (paired) 2 * (1 - r) else NA)
  # Borenstein 2009, White & Thomas 2005, Elbourne et al. 2002
  m$share <- (1 - m$r_squared) * (if (paired) m$apart / min(n) / m$sizes else m$inflation)
  m
}

# The variance of g: Hedges 1982, Borenstein 2009; with the SE of d What Works Clearinghouse 5.0,
# appendix E; of periods Elbourne et al. 2002.
variance_of_g <- function(g, m, se = NA) {
  spread <- g^2 / (2 * sum(m$n))
  if (m$paired) {
    n <- min(m$n)
    apart <- if (given(se)) n * se^2 else m$apart
    return(if (is.na(apart)) m$sizes + spread else (1 / n + g^2 / (2 * n)) * apart)
  }
  if (given(se)) return(se^2 + spread * (if (is.na(m$inflation)) 1 else m$inflation))
  r_squared <- if (is.na(m$r_squared)) 0 else m$r_squared
  m$inflation * ((1 - r_squared) * m$sizes + spread)
}

# g of d, by escalc where two independent groups were compared and no more.
corrected <- function(d, m, se = NA) {
  found <- escalc("SMD", di = d, n1i = m$n[1], n2i = m$n[2])
  g <- as.numeric(found$yi)
  c(g, if (m$plain) found$vi else variance_of_g(g, m, se))
}
in_scores <- function(d, m) corrected(if (m$plain) d else d * sqrt(m$share), m)

# Hedges' g of a difference, Cohen's d, eta squared, r, t, F or p.
standardized <- function(x, plan, arms) {
  m <- model_of(x, plan)
  root <- sqrt(m$sizes)
  if (given(x$estimate)) {
    if (x$of %in% c("MD", "MD of change")) return(of_difference(x, plan, m, arms))
    if (x$of %in% "d") {
      se <- if (m$plain) NA else sqrt(variance_of(x))
      found <- corrected(x$estimate, m)
      return(if (is.na(se)) found else c(found[1], (found[1] / x$estimate * se)^2))
    }
    if (x$of %in% c("eta squared", "partial eta squared")) { # F = df eta2 / (1 - eta2), Cohen 1988
      f <- (sum(m$n) - 2) * x$estimate / (1 - x$estimate)
      return(in_scores(x$towards * sqrt(f) * root, m))
    }
    if (x$of %in% "r")
      return(corrected(x$estimate * sqrt(sum(m$n) - 2) / sqrt(1 - x$estimate^2) * root, m))
  }
  way <- if (is.na(x$towards)) 1 else x$towards
  p <- if (is.na(x$p)) x$p_below else x$p
  t <- if (given(x$t)) (if (x$t > 0) way * x$t else x$t)
    else if (given(x$f)) way * sqrt(x$f)
    else way * qt(two_sided(x, p) / 2, if (m$paired) m$df else sum(m$n) - 2, lower.tail = FALSE)
  d <- t * root
  # t of change, in SDs of scores
  if (x$of %in% "MD of change" && !m$adjusted && !m$paired && !plan$change)
    d <- d * sqrt(2 * (1 - x$correlation))
  in_scores(d, m)
}

of_difference <- function(x, plan, m, arms) {
  of_change <- x$of == "MD of change"
  to_scores <- sqrt(2 * (1 - x$correlation)) # SD of scores = SD of change / this, CH 6.5.2.8
  sd <- if (plan$change && given(x$sd_change)) x$sd_change
    else if (given(x$sd) && !(plan$change && of_change)) x$sd
    else if (length(arms) == 2 && !m$plain && !plan$change) pooled_sd(arms)
    else NA
  if (is.na(sd) && of_change && given(x$sd_change) && !plan$change) sd <- x$sd_change / to_scores
  else if (is.na(sd) && given(x$residual_sd)) sd <- x$residual_sd / sqrt(1 - m$r_squared)
  if (given(sd)) {
    se <- if (m$plain) NA else sd_of_model(x, m) * sqrt(m$sizes) / sd
    return(corrected(x$estimate / sd, m, se))
  }
  sd <- sd_of_model(x, m)
  if (of_change && !plan$change && !m$adjusted) sd <- sd / to_scores
  corrected(x$estimate / (sd / sqrt(m$share)), m)
}

# The SD within groups that the statistics of a difference hold (CH 6.5.2.3).
sd_of_model <- function(x, m) {
  root <- sqrt(m$sizes)
  half <- (x$ci_high - x$ci_low) / 2
  df <- if (m$paired) m$df else sum(m$n) - 2
  if (given(x$se)) x$se / root
  else if (given(x$variance)) sqrt(x$variance) / root
  else if (given(half)) half / qt((1 + level_of(x)) / 2, df) / root
  else if (given(x$t)) abs(x$estimate / x$t) / root
  else if (given(f_of(x))) abs(x$estimate) / sqrt(x$f) / root
  else if (given(x$p)) abs(x$estimate) / qt(two_sided(x, x$p) / 2, df, lower.tail = FALSE) / root
  else x$residual_sd
}
pooled_sd <- function(arms) {
  n <- sapply(arms, function(x) x$n)
  sd <- sapply(arms, function(x) x$sd)
  sqrt(sum((n - 1) * sd^2) / (sum(n) - 2))
}

# 1 where a positive number, as reported, favours the intervention, else -1.
sign_of <- function(x) {
  better <- yes(x$higher_is_better) || (x$side == "contrast" && x$positive %in% "better")
  if (better != yes(x$reversed)) 1 else -1
}

# Corrected for the unreliability of one instrument, or of both (Hunter & Schmidt 2004).
reliable <- function(found, x, plan) {
  if (!given(x$reliability)) return(found)
  a <- sqrt(x$reliability)
  if (plan$measure != "ZCOR") return(c(found[1] / a, found[2] / a^2))
  r <- tanh(found[1]) # Fisher's z of the corrected correlation, by the delta method
  c(atanh(r / a), found[2] * ((1 - r^2) / (a * (1 - (r / a)^2)))^2)
}

# In points of the target instrument, by the ratio of reference SDs (linear linking).
on_the_target <- function(found, x)
  if (given(x$to_target)) c(found[1] * x$to_target, found[2] * x$to_target^2) else found

# Ratios of both occasions. metafor has the small-sample correction of ratios of means since version 5
# (Lajeunesse 2015); VRC and CVRC, which it has since 4.6, after Senior, Viechtbauer & Nakagawa 2020.
ratio_of_occasions <- function(x, plan, change) {
  before <- x$baseline_sd
  after <- if (given(x$sd)) x$sd else score_of(x)$sd
  r <- if (given(x$correlation)) x$correlation
    else if (given(x$sd_change)) (before^2 + after^2 - x$sd_change^2) / (2 * before * after)
    else plan$occasions
  n <- x$n
  spread <- data.frame(yi = log(after / before), vi = (1 - r^2) / (n - 1))
  if (plan$measure == "VRC") return(spread)
  means <- c(x$baseline_mean + change, x$baseline_mean)
  relative <- c(after, before) / means
  bias <- if (plan$correct) (relative[1]^2 - relative[2]^2) / (2 * n) else 0
  ratio <- log(means[1] / means[2]) + bias
  v <- (sum(relative^2) - 2 * r * prod(relative)) / n
  if (plan$measure == "ROMC") return(data.frame(yi = ratio, vi = v))
  data.frame(yi = spread$yi - ratio, vi = spread$vi + v)
}

# The change of an arm since before: by its own SD (MC, SMCC), else in SDs of scores before, or of
# both occasions.
change_of <- function(x, plan) {
  measure <- plan$measure
  if (measure %in% c("MC", "SMCC")) {
    plan$change <- TRUE
    change <- mean_sd(x, plan)
    d <- change$mean / change$sd
    if (measure == "SMCC" && !plan$correct) return(data.frame(yi = d, vi = 1 / x$n + d^2 / (2 * x$n)))
    return(escalc(measure, m1i = change$mean, m2i = 0, sd1i = change$sd, sd2i = 0, ri = 0, ni = x$n,
                  vtype = plan$vtype))
  }
  change <- if (given(x$mean_change)) x$mean_change else score_of(x)$mean - x$baseline_mean
  if (measure %in% c("ROMC", "CVRC", "VRC")) return(ratio_of_occasions(x, plan, change))
  before <- x$baseline_sd
  after <- if (given(x$sd)) x$sd else if (given(x$mean) || given(x$median)) score_of(x)$sd else NA
  r <- if (given(x$correlation)) x$correlation
    else if (given(x$sd_change, after)) (before^2 + after^2 - x$sd_change^2) / (2 * before * after)
    else plan$occasions
  d <- change / before
  if (measure == "SMCR" && !plan$correct)
    return(data.frame(yi = d, vi = 2 * (1 - r) / x$n + d^2 / (2 * x$n)))
  if (measure == "SMCR")
    return(escalc("SMCR", m1i = change, m2i = 0, sd1i = before, ri = r, ni = x$n, vtype = plan$vtype))
  # metafor has these as below since version 4.6: Bonett 2008 and Cousineau 2020
  n <- x$n
  spread <- before^2 + after^2 - 2 * r * before * after
  J <- function(m) if (plan$correct) exp(lgamma(m / 2) - log(sqrt(m / 2)) - lgamma((m - 1) / 2)) else 1
  if (measure == "SMCRH") {
    g <- J(n - 1) * d
    return(data.frame(yi = g, vi = spread / (before^2 * (n - 1)) + g^2 / (2 * (n - 1))))
  }
  pooled <- (before^2 + after^2) / 2
  g <- J(2 * (n - 1) / (1 + r^2)) * change / sqrt(pooled)
  if (measure == "SMCRP")
    return(data.frame(yi = g, vi = 2 * (1 - r) / n + g^2 * (1 + r^2) / (4 * n)))
  fourth <- before^4 + after^4 + 2 * (r * before * after)^2
  size <- if (plan$vtype == "LS2") n else n - 1
  data.frame(yi = g, vi = spread / (pooled * size) + g^2 * fourth / (8 * pooled^2 * size))
}

# One comparison: its effect and variance by escalc, its design, and its sign.
comparison <- function(rows, plan) {
  side <- sapply(rows, function(x) x$side)
  first <- rows[[1]]
  measure <- plan$measure
  if (first$side == "contrast") {
    found <- contrast_effect(first, plan, rows[side == "spread"])
    v <- found[2] * (if (yes(first$clusters_analysed)) 1 else inflation(first))
    return(c(sign_of(first) * found[1], v))
  }
  share <- if (is.na(first$share)) 1 else first$share
  alone <- !any(side == "comparator")
  a <- one_arm(rows[side == "intervention"], plan)
  b <- if (alone) NULL else one_arm(rows[side == "comparator"], plan, share)
  found <- if (measure == "GEN" && alone) data.frame(yi = a$estimate, vi = a$variance)
    else if (measure == "GEN")
      data.frame(yi = a$estimate - b$estimate, vi = a$variance + b$variance / share)
    else switch(plan$family,
      ASSOCIATION = escalc(measure, ri = first$estimate, ni = first$n),
      CHANGES = change_of(first, plan),
      MEAN_OF_ONE = escalc(measure, mi = first$mean, sdi = first$sd, ni = first$n),
      EVENTS_OF_ONE = if (measure %in% c("PFT", "PAS")) escalc(measure, xi = first$events, ni = first$n)
        else escalc(measure, xi = first$events, ni = first$n, add = plan$zero$add,
                    to = plan$zero$to),
      MEANS = escalc(measure, m1i = a$mean, sd1i = a$sd, n1i = a$n,
                     m2i = b$mean, sd2i = b$sd, n2i = b$n,
                     vtype = if (plan$vtype == "H0") "LS" else plan$vtype),
      RATE_OF_ONE = if (measure == "IRFT") escalc(measure, xi = first$events, ti = time_of(first))
        else escalc(measure, xi = first$events, ti = time_of(first), add = plan$zero$add,
                    to = plan$zero$to),
      RATES = escalc(measure, x1i = a$events, t1i = a$time, x2i = b$events, t2i = b$time,
                     add = plan$zero$add, to = plan$zero$to),
      EVENTS = if (isTRUE(plan$zero$by_arm)) by_arm(a, b, measure, plan$zero, plan$vtype)
        else escalc(measure, ai = a$events, n1i = a$n, ci = b$events, n2i = b$n,
                    add = plan$zero$add, to = plan$zero$to, vtype = plan$vtype),
      stop("this script does not know the measure ", measure))
  y <- as.numeric(found$yi)
  v <- found$vi
  # metafor before version 5 had no small-sample correction of ROM (Lajeunesse 2015) ...
  if (measure == "ROM" && plan$correct)
    y <- y + (a$sd^2 / (a$n * a$mean^2) - b$sd^2 / (b$n * b$mean^2)) / 2
  # ... and knew neither vtype "H0" nor correct = FALSE of standardized differences
  m <- a$n + b$n - 2
  j <- if (plan$family == "MEANS") exp(lgamma(m / 2) - log(sqrt(m / 2)) - lgamma((m - 1) / 2))
  if (measure == "SMD") {
    sizes <- 1 / a$n + 1 / b$n
    d <- y / j
    if (!plan$correct) {
      y <- d
      v <- sizes + (if (plan$vtype == "UB") 1 - (m - 2) / (m * j^2) else 1 / (2 * (m + 2))) * d^2
    }
    if (plan$vtype == "H0") v <- sizes
  }
  if (measure == "SMDH" && !plan$correct) y <- y / j
  # ... and before 4.6 smaller variances of SMDH than Bonett 2009
  if (measure == "SMDH") {
    half <- (a$sd^2 + b$sd^2) / 2
    v <- y^2 * (a$sd^4 / (a$n - 1) + b$sd^4 / (b$n - 1)) / (8 * half^2) +
      (a$sd^2 / (a$n - 1) + b$sd^2 / (b$n - 1)) / half
  }
  # the means are adjusted: (1 - R2)(1/n1 + 1/n2) + g2/(2N), Borenstein 2009
  if (measure == "SMD")
    v <- v - min(a$explained, b$explained) * (1 / a$n + 1 / b$n) *
      (if (plan$vtype == "LS2" && plan$correct) j^2 else 1)
  r <- unlist(lapply(rows, function(x) x$correlation))
  r <- c(r[!is.na(r)], plan$crossover)[1]
  # two periods of the same persons: Elbourne et al. 2002, CH 23.2.7
  if (yes(first$crossover) && given(r) && !given(first$cluster_size, first$icc)) {
    n <- min(a$n, b$n)
    if (measure == "MD") v <- (a$sd^2 + b$sd^2 - 2 * r * a$sd * b$sd) / n
    if (measure == "SMD") v <- (1 / n + y^2 / (2 * n)) * 2 * (1 - r)
    if (measure == "ROM")
      v <- (a$sd^2 / a$mean^2 + b$sd^2 / b$mean^2 - 2 * r * a$sd / a$mean * b$sd / b$mean) / n
    # marginal ratios and differences: metafor's MPORM, MPRR and MPRD
    alone <- c(OR = "PLO", RR = "PLN", RD = "PR", AS = "PAS")
    if (measure %in% names(alone) && all(c(a$events, b$events, a$n - a$events, b$n - b$events) > 0)) {
      each <- escalc(alone[[measure]], xi = c(a$events, b$events), ni = c(a$n, b$n))$vi
      v <- sum(each) - 2 * r * sqrt(prod(each))
    }
  }
  c(sign_of(first) * y, v * inflation(first))
}

# Several comparisons of one trial as one effect: `each` a row (yi, vi) a comparison.
together <- function(each, rows, how, plan) {
  if (nrow(each) == 1 && is.na(how)) return(each[1, ])
  y <- each[, 1]
  v <- each[, 2]
  if (how == "aggregate") { # plain mean, sampling errors correlated by rho (Borenstein 2009, 24.6)
    covariance <- plan$rho * outer(sqrt(v), sqrt(v))
    diag(covariance) <- v
    return(c(mean(y), sum(covariance) / length(y)^2))
  }
  covariance <- diag(v, length(v)) # split: no person in two comparisons
  if (how == "covariance") { # one comparator for all (Gleser & Olkin 2009)
    covariance[] <- shared_covariance(y, rows, plan) * inflation(rows[[1]])
    diag(covariance) <- v
  }
  weights <- solve(covariance, rep(1, length(y)))
  c(sum(weights * y) / sum(weights), 1 / sum(weights))
}
shared_covariance <- function(y, rows, plan) {
  part <- sapply(rows, function(x) paste(x$part, x$comparison))
  side <- sapply(rows, function(x) x$side)
  if (side[1] == "contrast") { # sizes of the comparator, and of the arms against it
    against <- sapply(rows, function(x) if (yes(x$reversed)) x$n else x$versus_n)
    own <- sapply(rows, function(x) if (yes(x$reversed)) x$versus_n else x$n)
    return(1 / against[1] + outer(y, y) / (2 * (against[1] + sum(own))))
  }
  control <- rows[part == part[1] & side == "comparator"]
  c0 <- one_arm(control, plan)
  total <- c0$n + sum(sapply(rows[side == "intervention"], function(x) x$n))
  switch(plan$measure,
    SMD = 1 / c0$n + outer(y, y) / (2 * total),
    MD = c0$sd^2 / c0$n,
    RR = 1 / c0$events - 1 / c0$n,
    OR = 1 / c0$events + 1 / (c0$n - c0$events),
    RD = c0$events * (c0$n - c0$events) / c0$n^3,
    IRR = 1 / c0$events,
    IRD = c0$events / c0$time^2,
    IRSD = 1 / (4 * c0$time),
    GEN = c0$variance)
}

# Of twice what is added each arm gets its share of the participants (Sweeting et al. 2004).
by_arm <- function(a, b, measure, zero, vtype) {
  cells <- c(a$events, a$n - a$events, b$events, b$n - b$events)
  touched <- zero$to == "all" || (zero$to == "only0" && any(cells == 0))
  share <- c(a$n, a$n, b$n, b$n) / (a$n + b$n)
  cells <- cells + touched * 2 * zero$add * share
  escalc(measure, ai = cells[1], bi = cells[2], ci = cells[3], di = cells[4], add = 0, to = "none",
         vtype = vtype)
}

# The effect of a trial: of its comparison, of its parts, or of parts that have parts.
effect_of <- function(rows, plan) {
  part <- sapply(rows, function(x) x$part)
  each <- t(sapply(unique(part), function(p) {
    these <- rows[part == p]
    within <- sapply(these, function(x) x$comparison)
    inner <- t(sapply(unique(within), function(w) {
      one <- these[within == w]
      on_the_target(reliable(comparison(one, plan), one[[1]], plan), one[[1]])
    }))
    together(inner, these, these[[1]]$joined_within, plan)
  }))
  together(each, rows, rows[[1]]$joined, plan)
}

# Events and persons of both sides, of rates time at risk; of clusters divided by the design effect
# (CH 23.1.4).
counts_of <- function(rows, plan) {
  side <- sapply(rows, function(x) x$side)
  among <- if (plan$family %in% c("RATES", "RATE_OF_ONE")) time_of else function(x) x$n
  total <- function(get, of) sum(unlist(lapply(rows[side == of], get)))
  events <- function(x) x$events
  c(ai = total(events, "intervention"), n1i = total(among, "intervention"),
    ci = total(events, "comparator"), n2i = total(among, "comparator")) / inflation(rows[[1]])
}

# Compute the effects of all trials of an analysis again, compare, and name those that differ.
effects_of <- function(analysis, plan) {
  all <- read(paste0("effects_", analysis, ".csv"))
  own <- as.list(reported[reported$analysis == analysis, ])
  rows <- lapply(split(seq_along(own$trial), paste(own$selection, own$trial)), function(i)
    lapply(i, function(j) lapply(own, `[[`, j)))
  again <- which(all$from_reported == "yes")
  ours <- all[c("yi", "vi")]
  all$.sign <- rep(NA_real_, nrow(all))
  for (i in again) {
    these <- rows[[paste(all$selection[i], all$trial[i])]]
    found <- try(effect_of(these, plan), silent = TRUE)
    if (inherits(found, "try-error")) {
      agreed <<- FALSE
      cat(sprintf("%-24s %s: no effect, %s", analysis, all$study[i], found))
      found <- c(NA, NA)
    }
    all[i, c("yi", "vi")] <- found
    if (plan$measure %in% c("PFT", "IRFT")) # persons or time, of which the way back depends
      all$size[i] <- 1 / mean(sapply(these, function(x) 1 / if (plan$measure == "PFT") x$n else time_of(x)))
    if (plan$counted) all[i, c("ai", "n1i", "ci", "n2i")] <- counts_of(these, plan)
    all$.sign[i] <- sign_of(these[[1]])
  }
  for (name in c("yi", "vi")) if (length(again) > 0) {
    off <- abs(all[[name]] - ours[[name]]) / pmax(1, abs(ours[[name]]))
    off[is.na(off)] <- Inf
    worst <- again[which.max(off[again])]
    what <- sprintf("%s of %d of %d effects, the worst", name, length(again), nrow(all))
    say(analysis, what, ours[[name]][worst], all[[name]][worst])
    for (i in again[off[again] > tolerance])
      cat(sprintf("%-24s   %s (%s): %s %.8f stored, %.8f from what was reported\n", analysis,
                  all$study[i], all$selection[i], name, ours[[name]][i], all[[name]][i]))
  }
  if (length(again) > 0)
    cat(sprintf("%-24s signs: as reported in %d effects, turned in %d\n", analysis,
                sum(all$.sign[again] > 0), sum(all$.sign[again] < 0)))
  if (length(again) < nrow(all))
    cat(sprintf("%-24s %d effects are of skewed medians (column recipe): taken as they are\n",
                analysis, nrow(all) - length(again)))
  all
}
