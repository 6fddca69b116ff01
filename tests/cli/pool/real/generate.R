# What `review pool` prints of real data sets of metadat, by metafor 3.8 and R: Rscript generate.R
#
# Each case has the options that a user types and what its JSON must hold, by the same names. What
# metafor has no function for is written out after its source: prediction intervals by k - 1 and
# k - 2 degrees of freedom (Higgins et al. 2009), PET-PEESE (Stanley and Doucouliagos 2014), risks
# and numbers needed to treat (Altman 1998; Furukawa and Leucht 2011).
suppressMessages({library(metafor); library(metadat); library(jsonlite)})
sharp <- list(maxiter = 10000, threshold = 1e-13, tol = 1e-13)

## data sets
data <- list(
  bcg = with(dat.bcg, data.frame(ai = tpos, bi = tneg, ci = cpos, di = cneg, alloc = alloc)),
  hine1989 = dat.hine1989[c("ai", "n1i", "ci", "n2i")],
  nielweise2007 = dat.nielweise2007[c("ai", "n1i", "ci", "n2i")],
  normand1999 = dat.normand1999[c("n1i", "m1i", "sd1i", "n2i", "m2i", "sd2i")],
  gibson2002 = subset(dat.gibson2002, !is.na(m1i) & !is.na(m2i) & !is.na(sd1i) & !is.na(sd2i))[c("n1i", "m1i", "sd1i", "n2i", "m2i", "sd2i", "type")],
  curtis1998 = dat.curtis1998[1:40, c("n1i", "m1i", "sd1i", "n2i", "m2i", "sd2i", "fungrp")],
  molloy2014 = dat.molloy2014[c("ni", "ri", "a_measure", "design")],
  mcdaniel1994 = subset(dat.mcdaniel1994, abs(ri) < 0.9)[1:50, c("ni", "ri", "struct")],
  crede2010 = subset(dat.crede2010, criterion == "grade")[c("ni", "ri", "class")],
  bangertdrowns2004 = as.data.frame(lapply(dat.bangertdrowns2004[c("yi", "vi", "ni", "grade")], c)),
  pritz1997 = dat.pritz1997[c("xi", "ni")],
  debruin2009 = dat.debruin2009[c("xi", "ni")],
  hannum2020 = dat.hannum2020[c("xi", "ni")],
  hart1999 = with(dat.hart1999, data.frame(xi = x2i, ti = t2i)),
  nielweise2008 = with(dat.nielweise2008, data.frame(xi = x2i, ti = t2i)),
  dorn2007 = with(dat.dorn2007, data.frame(xi = x.p, ti = n.p * days / 365))
)
data$mcdaniel1994 <- subset(data$mcdaniel1994, !is.na(struct))
data$hannum2020 <- subset(data$hannum2020, !is.na(xi) & !is.na(ni))
data$debruin2009 <- subset(data$debruin2009, !is.na(xi) & !is.na(ni))
data$molloy2014$a_measure <- as.character(data$molloy2014$a_measure)

cases <- list()
add <- function(set, options, expected)
  cases[[length(cases) + 1]] <<- list(set = set, options = options, expected = expected)
effects <- function(set, measure, ...) {
  d <- data[[set]]
  if (measure == "GEN") return(d)
  names <- intersect(names(d), c("ai", "bi", "ci", "di", "n1i", "n2i", "m1i", "m2i", "sd1i", "sd2i", "ri", "ni", "xi", "ti"))
  y <- do.call(escalc, c(list(measure = measure), as.list(d[names]), list(...)))
  data.frame(yi = c(y$yi), vi = ifelse(is.na(y$yi), NA, y$vi), d[setdiff(names(d), names)])
}
fitted <- function(y, test = "z", ...) {
  y <- y[!is.na(y$vi), ]
  for (threshold in c(1e-13, 1e-11, 1e-9)) {
    fit <- try(rma(yi, vi, data = y, test = test, control = modifyList(sharp, list(threshold = threshold)), ...), silent = TRUE)
    if (!inherits(fit, "try-error")) return(fit)
  }
  stop(fit)
}
line <- function(fit) list(estimate = c(fit$beta), se = fit$se, tau2 = fit$tau2)
rows <- function(y) lapply(seq_len(nrow(y)), function(i) list(yi = y$yi[i], vi = y$vi[i]))
arms <- c("normand1999", "gibson2002", "curtis1998")
correlations <- c("molloy2014", "mcdaniel1994", "crede2010")

## formulas of the variance, and no correction for small samples
for (set in arms) {
  for (v in c("LS", "HO")) add(set, c("--measure", "MD", "--vtype", v, "--test", "z"), local({
    y <- effects(set, "MD", vtype = v); c(line(fitted(y)), list(effects = rows(y))) }))
  for (m in c("SMD", "SMD1")) for (v in c("LS", "LS2", "UB", "AV")) add(set, c("--measure", m, "--vtype", v, "--test", "z"), local({
    y <- effects(set, m, vtype = v); c(line(fitted(y)), list(effects = rows(y))) }))
  add(set, c("--measure", "SMD", "--no-correct", "--test", "z"), local({
    y <- with(data[[set]], {
    d <- (m1i - m2i) / sqrt(((n1i - 1) * sd1i^2 + (n2i - 1) * sd2i^2) / (n1i + n2i - 2))
    data.frame(yi = d, vi = 1 / n1i + 1 / n2i + d^2 / (2 * (n1i + n2i))) })
    c(line(fitted(y)), list(effects = rows(y))) }))
  for (v in c("LS", "HO", "AV", "AVHO")) add(set, c("--measure", "ROM", "--no-correct", "--vtype", v, "--test", "z"), local({
    y <- effects(set, "ROM", vtype = v); c(line(fitted(y)), list(effects = rows(y))) }))
}
for (set in correlations) {
  for (v in c("LS", "AV")) add(set, c("--measure", "COR", "--vtype", v, "--test", "z"), local({
    y <- effects(set, "COR", vtype = v); c(line(fitted(y)), list(effects = rows(y))) }))
  for (v in c("LS", "UB", "AV")) add(set, c("--measure", "UCOR", "--vtype", v, "--test", "z"), local({
    y <- effects(set, "UCOR", vtype = v); c(line(fitted(y)), list(effects = rows(y))) }))
}

## prediction intervals and I2 from Q
for (one in list(c("bcg", "RR"), c("normand1999", "SMD"), c("molloy2014", "ZCOR"), c("bangertdrowns2004", "GEN"))) {
  y <- effects(one[1], one[2])
  fit <- fitted(y)
  hk <- fitted(y, "knha")
  k <- fit$k
  half <- function(se, df) qt(0.975, df) * sqrt(se^2 + fit$tau2)
  around <- function(x) c(fit$beta) + c(-1, 1) * x
  of_q <- list(I2_Q = 100 * max(0, (fit$QE - (k - 1)) / fit$QE), Q = fit$QE, Q_p = fit$QEp)
  for (test in c("z", "knha")) {
    options <- function(kind) c("--measure", one[2], "--test", test, "--prediction", kind)
    add(one[1], options("k-1"), c(of_q, list(pi = around(half(fit$se, k - 1)))))
    add(one[1], options("k-2"), c(of_q, list(pi = around(half(fit$se, k - 2)))))
    add(one[1], options("HK"), c(of_q, list(pi = around(half(hk$se, k - 1)))))
  }
  whole <- predict(hk)
  add(one[1], c("--measure", one[2], "--test", "knha"), c(of_q, list(pi = c(whole$pi.lb, whole$pi.ub))))
}

## Egger's test by each size of a study, PET-PEESE
for (one in list(c("bcg", "RR"), c("normand1999", "SMD"), c("molloy2014", "ZCOR"), c("crede2010", "ZCOR"), c("bangertdrowns2004", "GEN"))) {
  y <- effects(one[1], one[2])
  d <- data[[one[1]]]
  ni <- if (!is.null(d$ni)) d$ni else if (!is.null(d$bi)) d$ai + d$bi + d$ci + d$di else d$n1i + d$n2i
  fit <- rma(yi, vi, ni = ni, data = y, control = sharp)
  w <- 1 / y$vi
  regression <- function(x) {
    found <- lm(yi ~ x, weights = w, data = y)
    list(estimate = unname(coef(found)[1]), ci = unname(confint(found)[1, ]), p_slope = summary(found)$coefficients[2, 4])
  }
  pet <- regression(sqrt(y$vi))
  peese <- regression(y$vi)
  slope <- summary(lm(yi ~ sqrt(vi), weights = w, data = y))$coefficients[1, ]
  above <- pt(sign(sum(w * y$yi)) * slope["t value"], fit$k - 2, lower.tail = FALSE) < 0.05
  chosen <- if (above) peese else pet
  for (predictor in c("sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv")) {
    found <- list()
    for (model in c("rma", "lm")) {
      e <- regtest(fit, model = model, predictor = predictor)
      told <- list(stat = e$zval, p = e$pval)
      if (!is.null(e$est)) told <- c(told, list(limit_estimate = e$est, limit_ci = c(e$ci.lb, e$ci.ub)))
      found[[paste0("egger_", model)]] <- told
    }
    if (predictor == "sei")
      found$pet_peese <- list(chosen = if (above) "PEESE" else "PET", estimate = chosen$estimate, ci = chosen$ci, pet = pet, peese = peese)
    add(one[1], c("--measure", one[2], "--diagnostics", "--predictor", predictor), list(diagnostics = found))
  }
}

## subgroups with one tau2, and with their own
for (one in list(c("bcg", "RR", "alloc"), c("molloy2014", "ZCOR", "a_measure"), c("bangertdrowns2004", "GEN", "grade"),
                 c("crede2010", "ZCOR", "class"), c("curtis1998", "ROM", "fungrp"))) {
  more <- if (one[2] == "ROM") "--no-correct" else c()
  y <- effects(one[1], one[2])
  y$g <- factor(y[[one[3]]], levels = unique(y[[one[3]]]))
  y <- y[!is.na(y$g), ]
  for (test in c("z", "knha")) {
    means <- fitted(y, test, mods = ~ 0 + g)
    apart <- fitted(y, test, mods = ~ g)
    each <- lapply(seq_along(levels(y$g)), function(i) list(
      label = levels(y$g)[i], k = sum(y$g == levels(y$g)[i]), estimate = means$beta[i], se = means$se[i],
      ci = c(means$ci.lb[i], means$ci.ub[i]), p = means$pval[i], tau2 = means$tau2))
    add(one[1], c("--measure", one[2], more, "--subgroup", one[3], "--common-tau2", "--test", test),
        list(subgroups = list(groups = each, QM = apart$QM, QMp = apart$QMp)))
  }
  fits <- lapply(levels(y$g), function(g) fitted(y[y$g == g, ]))
  est <- sapply(fits, function(f) c(f$beta)); se <- sapply(fits, function(f) f$se)
  between <- rma(est, sei = se, method = "EE")
  each <- lapply(seq_along(fits), function(i) list(
    label = levels(y$g)[i], k = fits[[i]]$k, estimate = est[i], se = se[i], ci = c(fits[[i]]$ci.lb, fits[[i]]$ci.ub), tau2 = fits[[i]]$tau2))
  add(one[1], c("--measure", one[2], more, "--subgroup", one[3], "--test", "z"),
      list(subgroups = list(groups = each, QM = between$QE, QMp = between$QEp)))
}

## back to the scale that people read
back <- list(
  RR = list(exp, c("bcg", "hine1989", "nielweise2007")), OR = list(exp, c("bcg", "hine1989", "nielweise2007")),
  ROM = list(exp, arms), VR = list(exp, arms), ZCOR = list(transf.ztor, correlations),
  PLN = list(exp, c("pritz1997", "debruin2009", "hannum2020")), PLO = list(transf.ilogit, c("pritz1997", "debruin2009", "hannum2020")),
  PAS = list(transf.iarcsin, c("pritz1997", "debruin2009", "hannum2020")), PFT = list(transf.ipft.hm, c("pritz1997", "debruin2009", "hannum2020")),
  IRLN = list(exp, c("hart1999", "nielweise2008", "dorn2007")), IRS = list(transf.isqrt, c("hart1999", "nielweise2008", "dorn2007")),
  IRFT = list(transf.iirft, c("hart1999", "nielweise2008", "dorn2007")))
for (measure in names(back)) for (set in back[[measure]][[2]]) {
  transf <- back[[measure]][[1]]
  y <- effects(set, measure)
  fit <- fitted(y)
  used <- data[[set]][!is.na(y$vi), ]
  targs <- if (measure == "PFT") list(ni = used$ni) else if (measure == "IRFT") 1 / mean(1 / used$ti)
  p <- predict(fit, transf = transf, targs = targs)
  add(set, c("--measure", measure, if (measure == "ROM") "--no-correct", "--test", "z"),
      list(natural = list(estimate = p$pred, ci = c(p$ci.lb, p$ci.ub), pi = c(p$pi.lb, p$pi.ub))))
}

## absolute effects, numbers needed to treat
risk <- list(
  RR = function(p, y) pmin(1, p * exp(y)), OR = function(p, y) plogis(qlogis(p) + y), PETO = function(p, y) plogis(qlogis(p) + y),
  RD = function(p, y) pmin(1, pmax(0, p + y)), SMD = function(p, y) pnorm(qnorm(p) + y))
for (measure in names(risk)) for (set in if (measure == "SMD") arms else c("bcg", "hine1989", "nielweise2007")) {
  fit <- fitted(effects(set, measure))
  at <- c(0.05, 0.3)
  if (measure == "SMD") {
    d <- data[[set]]
    cutoff <- round(weighted.mean(d$m2i, d$n2i), 1)
    at <- c(at, weighted.mean(pnorm((d$m2i - cutoff) / d$sd2i), d$n2i))
  }
  told <- lapply(at, function(p) {
    to <- risk[[measure]](p, c(fit$beta))
    limits <- sort(risk[[measure]](p, c(fit$ci.lb, fit$ci.ub)))
    list(baseline = p, risk = to, risk_ci = limits, per_1000 = 1000 * (to - p), per_1000_ci = 1000 * (limits - p),
         nnt = 1 / (to - p), nnt_ci = 1 / (limits - p), nnt_ci_through_infinity = limits[1] < p && p < limits[2])
  })
  add(set, c("--measure", measure, "--test", "z", "--baseline-risk", "0.05", "--baseline-risk", "0.3",
             if (measure == "SMD") c("--cutoff", as.character(cutoff))), list(absolute = told))
}

write_json(list(computed_with = paste0("R ", getRversion(), ", metafor ", packageVersion("metafor")), data = lapply(data, as.list), cases = cases),
  "real.json", digits = NA, auto_unbox = TRUE, na = "null", null = "null")
cat(length(cases), "cases\n")
