# Random effects of plans by metafor and clubSandwich: Rscript generate.R, here
#
# Data: package metadat (konstantopoulos2011, assink2016, knapp2017, tannersmith2016).
suppressMessages({library(metafor); library(metadat); library(clubSandwich); library(jsonlite)})
data <- list()
cases <- list()
best <- function(...) {
  given <- match.call(expand.dots = FALSE)$...
  here <- parent.frame()
  searches <- list(list(optimizer = "nlminb", rel.tol = 1e-14, x.tol = 1e-10, iter.max = 4000, eval.max = 8000),
                   list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-16, maxit = 9000),
                   list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-15, maxit = 20000))
  fits <- lapply(searches, function(control)
    tryCatch(suppressWarnings(eval(as.call(c(quote(rma.mv), given, list(control = control))), here)),
             error = function(e) NULL))
  fits <- Filter(Negate(is.null), fits)
  fits[[which.max(sapply(fits, function(f) c(logLik(f))))]]
}
add <- function(set, d, V, random, plan, terms, cluster = NULL, test = "t", method = "REML") {
  fit <- best(d$yi, V, random = terms, data = d, test = test, dfs = if (test == "t") "contain" else "residual", method = method)
  p <- predict(fit)
  W <- solve(if (is.matrix(V)) V else diag(V))
  P <- W - W %*% matrix(1, nrow(d), nrow(d)) %*% W / sum(W)
  typical <- (nrow(d) - 1) / sum(diag(P))
  lrt <- sapply(seq_along(terms), function(i) {
    smaller <- if (length(terms) == 1) rma.mv(d$yi, V, data = d, method = method)
      else best(d$yi, V, random = terms[-i], data = d, method = method)
    2 * (c(logLik(fit)) - c(logLik(smaller)))
  })
  case <- list(set = set, random = random, plan = c(plan, list(test = test, method = method)), beta = c(fit$beta), se = fit$se, pval = fit$pval,
    ci = c(fit$ci.lb, fit$ci.ub), pi = c(p$pi.lb, p$pi.ub), sigma2 = I(fit$sigma2), groups = I(fit$s.nlevels),
    i2 = I(100 * fit$sigma2 / (sum(fit$sigma2) + typical)), lrt = I(lrt), loglik = c(logLik(fit)), aic = c(AIC(fit)), QE = fit$QE,
    weights = c(weights(fit, type = "rowsum")))
  if (!is.null(cluster)) {
    rob <- coef_test(fit, vcov = "CR2", cluster = cluster)
    case$robust <- list(se = rob$SE, df = rob$df_Satt, p = rob$p_Satt)
  }
  data[[set]] <<- as.list(d[, setdiff(names(d), c("row", "kind"))])
  cases[[length(cases) + 1]] <<- case
  cat(set, random, c(logLik(fit)), fit$sigma2, "\n")
}

d <- dat.konstantopoulos2011
d <- data.frame(study = paste(d$district, d$school), yi = d$yi, vi = d$vi, district = as.character(d$district), year = d$year)
add("konstantopoulos2011", d, d$vi, "district / study", NULL, list(~ 1 | district, ~ 1 | study), d$district)
add("konstantopoulos2011", d, d$vi, "district / study + year", NULL, list(~ 1 | district, ~ 1 | study, ~ 1 | year))
add("konstantopoulos2011", d, d$vi, "study + year", NULL, list(~ 1 | study, ~ 1 | year), test = "z")

d <- dat.assink2016
d <- data.frame(study = as.character(d$study), yi = d$yi, vi = d$vi, deltype = as.character(d$deltype))
d$row <- seq_len(nrow(d))
for (rho in c(0.6, 0.3)) {
  V <- vcalc(vi, cluster = study, obs = row, rho = rho, data = d)
  add("assink2016", d, V, "study / result", list(rho = rho), list(~ 1 | study, ~ 1 | row), d$study)
}
add("assink2016", d, V, "study / result + deltype", list(rho = 0.3), list(~ 1 | study, ~ 1 | row, ~ 1 | deltype))
add("assink2016", d, V, "study", list(rho = 0.3), list(~ 1 | study), d$study, test = "z", method = "ML")

d <- dat.knapp2017
d <- data.frame(study = as.character(d$study), yi = d$yi, vi = d$vi, task = as.character(d$task), arm = as.character(d$group1),
                versus = as.character(d$group2), n1 = d$n_sz, n2 = d$n_hc, comp = d$comp)
d$kind <- ave(seq_len(nrow(d)), d$study, d$arm, FUN = seq_along) # results of the same arm differ in what was measured
V <- vcalc(vi, cluster = study, obs = kind, rho = 0.5, grp1 = arm, grp2 = versus, w1 = n1, w2 = n2, data = d)
d$row <- seq_len(nrow(d))
add("knapp2017", d, V, "study / result", list(rho = 0.5, several_arms = "covariance"), list(~ 1 | study, ~ 1 | row), d$study)
add("knapp2017", d, V, "study + task", list(rho = 0.5, several_arms = "covariance"), list(~ 1 | study, ~ 1 | task))

d <- dat.tannersmith2016
d <- data.frame(study = as.character(d$studyid), yi = d$yi, vi = d$vi, weeks = d$aget2 * 2, sexmix = as.character(d$sexmix))
d$row <- seq_len(nrow(d))
V <- vcalc(vi, cluster = study, obs = row, rho = 0.5, time1 = weeks, phi = 0.9, data = d)
add("tannersmith2016", d, V, "study / result", list(rho = 0.5, phi = 0.9), list(~ 1 | study, ~ 1 | row), d$study)
add("tannersmith2016", d, V, "study + sexmix", list(rho = 0.5, phi = 0.9), list(~ 1 | study, ~ 1 | sexmix), test = "t")
write_json(list(data = data, cases = cases), "levels.json", digits = NA, auto_unbox = TRUE, null = "null")
