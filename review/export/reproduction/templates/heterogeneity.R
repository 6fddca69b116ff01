# ---- what tau2 depends on ---------------------------------------------------------------------

# Location-scale models: the mean and log tau2 depend on one formula. metafor finds errors of the
# scale by differences, so that they have fewer digits than the rest: `of_scale`.
of_scale <- 2e-3
# It searches for coefficients of orthogonal columns, since those of a raw year have hardly any digits.
scaled <- function(d, both, method, test, level) {
  columns <- qr(model.matrix(both, d), tol = 1e-12)
  basis <- qr.Q(columns) * sqrt(nrow(d))
  searches <- list(list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-15, maxit = 5000),
                   list(optimizer = "nlminb", rel.tol = 1e-12),
                   list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-14, maxit = 50000))
  fits <- lapply(searches, function(search) try(suppressWarnings(
    rma(yi, vi, mods = ~ basis - 1, scale = ~ basis - 1, data = d, method = method, test = test, level = level,
        control = c(search, list(hessianCtrl = list(r = 8))))), silent = TRUE))
  fits <- Filter(function(fit) !inherits(fit, "try-error"), fits)
  if (!length(fits)) return(NULL)
  fit <- fits[[which.max(sapply(fits, logLik))]]
  turn <- solve(qr.R(columns) / sqrt(nrow(d)))
  df <- if (fit$test == "z") Inf else fit$k - fit$p
  half <- qt(1 - fit$level / 2, df)
  lines <- function(coefficients, variances) {
    at <- c(turn %*% coefficients)
    se <- sqrt(diag(turn %*% variances %*% t(turn)))
    data.frame(estimate = at, ci_low = at - half * se, ci_high = at + half * se, p = 2 * pt(-abs(at / se), df))
  }
  list(fit = fit, mean = lines(fit$beta, fit$vb), scale = lines(fit$alpha, fit$va))
}
check_heterogeneity <- function(analysis, part, d, formula, method, test, level, by = NULL) {
  if (!is.null(by)) { # a level of one trial has no tau2
    d <- d[ave(seq_len(nrow(d)), d[[by]], FUN = length) > 1, ]
    d[[by]] <- droplevels(d[[by]])
  }
  both <- as.formula(formula)
  found <- scaled(d, both, method, test, level)
  if (is.null(found)) return(left_alone(analysis, part)) # none of metafor's searches ends: tau2 at zero
  fit <- found$fit
  one <- pool(d, method, "z", level, mods = both)
  stat <- max(0, 2 * c(logLik(fit) - logLik(one)))
  alpha <- found$scale
  check(analysis, part, 0, c(k = fit$k, stat = stat, tau2 = one$tau2, loglik = c(logLik(fit)),
                             p = pchisq(stat, nrow(alpha) - 1, lower.tail = FALSE)), of_scale)
  for (i in seq_len(nrow(alpha))) {
    of_mean <- unlist(found$mean[i, ])
    check(analysis, part, i, c(of_mean, coefficient = alpha$estimate[i], tau2 = exp(alpha$estimate[i]),
                               coefficient_low = alpha$ci_low[i], coefficient_high = alpha$ci_high[i],
                               coefficient_p = alpha$p[i]), of_scale)
  }
}
