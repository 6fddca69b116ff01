# ---- what tau2 depends on ---------------------------------------------------------------------

# Location-scale models: the mean and log tau2 depend on one formula. metafor finds errors of the
# scale by differences, so that they have fewer digits than the rest: `of_scale`.
of_scale <- 2e-3
scaled <- function(d, both, method, test, level) {
  searches <- list(list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-15, maxit = 5000),
                   list(optimizer = "nlminb", rel.tol = 1e-12),
                   list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-14, maxit = 50000))
  fits <- lapply(searches, function(search) try(suppressWarnings(
    rma(yi, vi, mods = both, scale = both, data = d, method = method, test = test, level = level,
        control = c(search, list(hessianCtrl = list(r = 8))))), silent = TRUE))
  fits <- Filter(function(fit) !inherits(fit, "try-error"), fits)
  if (length(fits)) fits[[which.max(sapply(fits, logLik))]]
}
check_heterogeneity <- function(analysis, part, d, formula, method, test, level, by = NULL) {
  if (!is.null(by)) { # a level of one trial has no tau2
    d <- d[ave(seq_len(nrow(d)), d[[by]], FUN = length) > 1, ]
    d[[by]] <- droplevels(d[[by]])
  }
  both <- as.formula(formula)
  fit <- scaled(d, both, method, test, level)
  if (is.null(fit)) return(left_alone(analysis, part)) # none of metafor's searches ends: tau2 at zero
  one <- pool(d, method, "z", level, mods = both)
  stat <- max(0, 2 * c(logLik(fit) - logLik(one)))
  alpha <- c(fit$alpha)
  check(analysis, part, 0, c(k = fit$k, stat = stat, tau2 = one$tau2, loglik = c(logLik(fit)),
                             p = pchisq(stat, length(alpha) - 1, lower.tail = FALSE)), of_scale)
  for (i in seq_along(alpha)) {
    of_mean <- line_of(fit, i)[c("estimate", "ci_low", "ci_high", "p")]
    check(analysis, part, i, c(of_mean, coefficient = alpha[i], tau2 = exp(alpha[i]),
                               coefficient_low = fit$ci.lb.alpha[i], coefficient_high = fit$ci.ub.alpha[i],
                               coefficient_p = fit$pval.alpha[i]), of_scale)
  }
}
