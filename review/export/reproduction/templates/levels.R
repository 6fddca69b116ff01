# ---- random effects of groups ----------------------------------------------------------------

# As with several outcomes: with the variances found, which variances_<analysis>.csv has, rma.mv
# gives every number to all digits; that they are the maximum is held by its own search.
levels_sampling <- function(d, rho, phi, apart) {
  d$kind <- paste(d$instrument, d$rater, d$timepoint, d$analysis_set)
  half <- if (length(stated)) 0.5 else rho # what it makes of 0.5, it makes of any
  given <- list(quote(vi), cluster = quote(study_id), obs = quote(kind), rho = half, data = quote(d))
  if (!is.null(phi)) given <- c(given, list(time1 = quote(weeks), phi = phi))
  if (apart) given <- c(given, list(grp1 = quote(arm), grp2 = quote(against), w1 = quote(w1), w2 = quote(w2)))
  V <- eval(as.call(c(quote(vcalc), given)))
  if (!length(stated)) return(V)
  differ <- outer(d$kind, d$kind, "!=")
  base <- ifelse(outer(d$instrument, d$instrument, "=="), ifelse(differ, rho, 1), stated_of(d$instrument, rho))
  R <- cov2cor(V) * base / ifelse(differ, half, 1)
  diag(R) <- 1
  R * sqrt(outer(d$vi, d$vi))
}
levels_group <- function(d, names) {
  own <- lapply(names, function(name) switch(name, study = d$study_id, result = paste(d$study_id, d$measured),
                                             as.character(d[[name]])))
  do.call(paste, c(own, sep = " / "))
}
levels_fit <- function(d, terms, sigma2, rho, phi, apart, level, method) {
  V <- levels_sampling(d, rho, phi, apart)
  M <- V
  for (name in names(sigma2)) {
    group <- levels_group(d, terms[[name]])
    M <- M + sigma2[[name]] * outer(group, group, "==")
  }
  fit <- rma.mv(d$yi, M, method = if (method == "EE") "FE" else method, level = level, sparse = FALSE)
  list(fit = fit, V = V, M = M)
}
levels_kept <- function(analysis) {
  rows <- read(paste0("variances_", analysis, ".csv"))
  function(selection) {
    own <- rows[rows$selection == selection, ]
    setNames(as.list(own$sigma2), own$term)
  }
}
levels_mean <- function(found, d, terms, sigma2, test, level) {
  groups <- sapply(names(sigma2), function(name) length(unique(levels_group(d, terms[[name]]))))
  df <- if (test == "t") max(0, (if (length(groups)) min(groups) else nrow(d)) - 1) else 0
  df <- if (df == 0) Inf else df
  estimate <- as.numeric(found$fit$beta)
  se <- found$fit$se
  half <- qt((1 + level / 100) / 2, df) * se
  list(numbers = c(estimate = estimate, se = se, p = 2 * pt(-abs(estimate / se), df),
                   ci_low = estimate - half, ci_high = estimate + half), df = df, half = half)
}

check_levels <- function(analysis, d, terms, rho, phi, apart, method, test, level, margins) {
  at <- levels_kept(analysis)
  sigma2 <- at("planned")
  common <- method == "EE"
  found <- levels_fit(d, terms, sigma2, rho, phi, apart, level, method)
  line <- levels_mean(found, d, terms, sigma2, test, level)
  own <- line$numbers
  n <- nrow(d)
  half_z <- qnorm((1 + level / 100) / 2) * own[["se"]]
  z <- c(own[["estimate"]] - half_z, own[["estimate"]] + half_z)
  Q <- rma.mv(d$yi, found$V, method = "FE", sparse = FALSE)$QE
  total <- sum(unlist(sigma2))
  W <- solve(found$V)
  typical <- if (n > 1) (n - 1) / (sum(diag(W)) - sum(rowSums(W)^2) / sum(W)) else NA
  share <- function(x) if (n > 1) 100 * x / (total + typical) else 0
  wide <- line$half * sqrt(1 + total / own[["se"]]^2)
  check(analysis, "pooled", 1, c(k = length(unique(d$study_id)), own, z_ci_low = z[1], z_ci_high = z[2],
    if (!common) c(tau2 = total, pi_low = own[["estimate"]] - wide, pi_high = own[["estimate"]] + wide),
    I2 = share(total), H2 = if (n > 1) (total + typical) / typical else 1, Q = Q,
    Q_p = if (n > 1) pchisq(Q, n - 1, lower.tail = FALSE) else NA))
  deciding <- list(ci.lb = own[["ci_low"]], ci.ub = own[["ci_high"]], beta = own[["estimate"]], se = own[["se"]], ddf = line$df)
  check_margins(analysis, deciding, z, margins)
  loglik <- c(logLik(found$fit))
  for (i in seq_along(sigma2)) {
    group <- levels_group(d, terms[[names(sigma2)[i]]])
    smaller <- levels_fit(d, terms, at(paste("without", i)), rho, phi, apart, level, method)$fit
    stat <- if (sigma2[[i]] > 0) max(0, 2 * (loglik - c(logLik(smaller)))) else 0
    check(analysis, "random", i, c(groups = length(unique(group)), sigma2 = sigma2[[i]], I2 = share(sigma2[[i]]),
      stat = stat, p = pchisq(stat, 1, lower.tail = FALSE)))
  }
  robust <- joint_robust(found$fit, data.frame(study_id = levels_clusters(d, terms[names(sigma2)])))
  check(analysis, "levels", 1, c(effects = n, loglik = loglik,
    aic = 2 * (1 + length(sigma2)) - 2 * loglik, robust(1, level)))
  for (i in unique(expected$line[expected$analysis == analysis & expected$part == "assumed"])) {
    assumed <- expected$value[expected$analysis == analysis & expected$part == "assumed" & expected$line == i &
                                expected$quantity == "rho"]
    other <- at(paste("assumed", i))
    by <- levels_fit(d, terms, other, assumed, phi, apart, level, method)
    check(analysis, "assumed", i, c(rho = assumed, levels_mean(by, d, terms, other, test, level)$numbers,
                                    loglik = c(logLik(by$fit))))
  }
  if (length(sigma2)) levels_maximum(analysis, d, found$V, terms[names(sigma2)], method, level, loglik)
}

# The mean of the trials of a variant, or by its model.
levels_line <- function(analysis, d, name, terms, rho, phi, apart, method, test, level) {
  sigma2 <- levels_kept(analysis)(name)
  found <- levels_fit(d, terms, sigma2, rho, phi, apart, level, method)
  if (length(sigma2)) levels_maximum(analysis, d, found$V, terms[names(sigma2)], method, level, c(logLik(found$fit)), tries = 1)
  c(k = length(unique(d$study_id)), levels_mean(found, d, terms, sigma2, test, level)$numbers, tau2 = sum(unlist(sigma2)))
}

# Effects that a study or any group joins, directly or through others.
levels_clusters <- function(d, terms) {
  cluster <- as.integer(factor(d$study_id))
  groups <- lapply(terms, function(names) levels_group(d, names))
  repeat {
    before <- cluster
    for (group in c(list(d$study_id), groups)) cluster <- ave(cluster, group, FUN = min)
    if (identical(before, cluster)) return(cluster)
  }
}

# rma.mv's own search finds the same height of the likelihood, and none above it.
levels_maximum <- function(analysis, d, V, terms, method, level, loglik, tries = 3) {
  groups <- lapply(terms, function(names) levels_group(d, names))
  for (i in seq_along(groups)) d[[paste0("g", i)]] <- groups[[i]]
  random <- lapply(seq_along(groups), function(i) as.formula(paste0("~ 1 | g", i)))
  searches <- list(list(rel.tol = 1e-10), list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-12, maxit = 1000),
                   list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-12, maxit = 5000))
  if (length(groups) == 1) searches[[3]] <- searches[[2]]
  heights <- sapply(searches[seq_len(tries)], function(control) {
    fit <- try(suppressWarnings(rma.mv(d$yi, V, random = random, data = d, method = method, control = control,
                                       sparse = FALSE)), silent = TRUE)
    if (inherits(fit, "try-error")) -Inf else c(logLik(fit))
  })
  gap <- max(heights) - loglik
  cat(sprintf("%-24s log-likelihood of rma.mv, searched freely, is higher by %.1e\n", analysis, gap))
  if (is.infinite(gap)) cat("   rma.mv's own search did not converge\n")
  if (gap > 1e-5) agreed <<- FALSE
}
