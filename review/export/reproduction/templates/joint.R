# ---- several outcomes together --------------------------------------------------------------

# The model of given variances and covariances of true effects, which structure_<analysis>.csv has:
# with them the covariance of all effects is known, and rma.mv gives every number to all digits. That
# they are the maximum is held by rma.mv's own search of the structure: it finds none higher.
joint_fit <- function(d, labels, G, rho, time, test, level, method = "REML") {
  V <- joint_sampling(d, rho, time)
  rows <- match(d$measured, labels)
  same <- outer(d$study_id, d$study_id, "==")
  X <- sapply(labels, function(label) as.numeric(d$measured == label))
  X <- matrix(X, nrow(d), dimnames = list(NULL, labels))
  M <- V + G[rows, rows, drop = FALSE] * same
  fit <- rma.mv(d$yi, M, mods = X, intercept = FALSE, method = if (method == "EE") "FE" else method,
                test = test, level = level, sparse = FALSE)
  list(fit = fit, V = V, X = X)
}
joint_sampling <- function(d, rho, time) {
  if (length(stated)) {
    R <- stated_of(d$measured, rho) * outer(d$study_id, d$study_id, "==")
    diag(R) <- 1
    return(R * sqrt(outer(d$vi, d$vi)))
  }
  d$time <- if (is.null(time)) 0 else time[d$measured]
  if (is.null(time)) vcalc(vi, cluster = study_id, type = measured, rho = rho, data = d)
  else vcalc(vi, cluster = study_id, time1 = time, phi = rho, data = d)
}
# Correlations of errors that the plan states of two, `rho` of all others; 1 of a kind with itself.
stated_of <- function(kind, rho) {
  R <- outer(kind, kind, function(one, other) ifelse(one == other, 1, rho))
  for (pair in stated) {
    R[kind == pair$one, kind == pair$other] <- pair$r
    R[kind == pair$other, kind == pair$one] <- pair$r
  }
  R
}
structure_of <- function(analysis, labels) {
  rows <- read(paste0("structure_", analysis, ".csv"))
  function(selection) {
    G <- matrix(0, length(labels), length(labels), dimnames = list(labels, labels))
    own <- rows[rows$selection == selection, ]
    for (i in seq_len(nrow(own)))
      G[own$one[i], own$other[i]] <- G[own$other[i], own$one[i]] <- own$covariance[i]
    list(G = G, rho = own$rho[1], rows = own)
  }
}
joint_sum <- function(fit, w) {
  estimate <- sum(w * fit$beta)
  se <- sqrt(as.numeric(t(w) %*% fit$vb %*% w))
  df <- if (fit$test == "t") fit$k - fit$p else Inf
  half <- qt((1 + fit$level_given / 100) / 2, df)
  c(estimate = estimate, se = se, p = 2 * pt(-abs(estimate / se), df),
    ci_low = estimate - half * se, ci_high = estimate + half * se, half = half)
}

check_joint <- function(analysis, d, labels, structure, rho, time, method, test, level, margins) {
  at <- structure_of(analysis, labels)
  kept <- at("planned")
  found <- joint_fit(d, labels, kept$G, rho, time, test, level, method)
  fit <- found$fit
  fit$level_given <- level
  p <- length(labels)
  unit <- function(i) as.numeric(seq_len(p) == i)
  common <- method == "EE"
  first <- joint_sum(fit, unit(1))
  half_z <- qnorm((1 + level / 100) / 2) * first[["se"]]
  z <- c(first[["estimate"]] - half_z, first[["estimate"]] + half_z)
  Q <- rma.mv(d$yi, found$V, mods = found$X, intercept = FALSE, method = "FE", sparse = FALSE)$QE
  df <- nrow(d) - p
  tau2 <- kept$G[1, 1]
  wide <- first[["half"]] * sqrt(first[["se"]]^2 + tau2)
  check(analysis, "pooled", 1, c(k = length(unique(d$study_id)), first, z_ci_low = z[1], z_ci_high = z[2],
    if (!common) c(tau2 = tau2, pi_low = first[["estimate"]] - wide, pi_high = first[["estimate"]] + wide),
    I2 = if (df > 0 && Q > 0) 100 * max(0, (Q - df) / Q) else 0, H2 = if (df > 0) max(1, Q / df) else 1, Q = Q,
    Q_p = if (df > 0) pchisq(Q, df, lower.tail = FALSE) else NA))
  deciding <- list(ci.lb = first[["ci_low"]], ci.ub = first[["ci_high"]], beta = first[["estimate"]],
                   se = first[["se"]], ddf = if (test == "t") df else Inf)
  check_margins(analysis, deciding, z, margins)
  robust <- joint_robust(fit, d)
  for (i in seq_len(p)) {
    own <- d[d$measured == labels[i], ]
    line <- joint_sum(fit, unit(i))
    wide <- line[["half"]] * sqrt(line[["se"]]^2 + kept$G[i, i])
    alone <- pool(own, method, test, level)
    check(analysis, "outcomes", i, c(k = nrow(own), line, robust(unit(i), level),
      pi_low = line[["estimate"]] - wide, pi_high = line[["estimate"]] + wide, tau2 = kept$G[i, i],
      alone = alone$beta[[1]], alone_low = alone$ci.lb, alone_high = alone$ci.ub))
  }
  for (i in seq_len(p - 1)) {
    w <- unit(i + 1) - unit(1)
    has <- function(label) unique(d$study_id[d$measured == label])
    check(analysis, "differences", i, c(both = length(intersect(has(labels[1]), has(labels[i + 1]))),
      joint_sum(fit, w), robust(w, level)))
  }
  loglik <- c(logLik(fit))
  if (p > 1) {
    L <- cbind(-1, diag(p - 1))
    wald <- as.numeric(t(L %*% fit$beta) %*% solve(L %*% fit$vb %*% t(L), L %*% fit$beta))
    equal <- if (test == "t") c(stat = wald / (p - 1), p = pf(wald / (p - 1), p - 1, df, lower.tail = FALSE))
      else c(stat = wald, p = pchisq(wald, p - 1, lower.tail = FALSE))
    check(analysis, "equal", 1, equal)
  }
  check(analysis, "joint", 1, c(loglik = loglik))
  for (i in unique(expected$line[expected$analysis == analysis & expected$part == "assumed"])) {
    other <- at(paste("assumed", i))
    by <- joint_fit(d, labels, other$G, other$rho, time, test, level, method)$fit
    by$level_given <- level
    line <- joint_sum(by, unit(1))
    apart <- joint_sum(by, unit(2) - unit(1))
    check(analysis, "assumed", i, c(line, rho = other$rho, difference = apart[["estimate"]], difference_low = apart[["ci_low"]],
      difference_high = apart[["ci_high"]], loglik = c(logLik(by))))
  }
  if (!common) check_maximum(analysis, d, found, structure, time, method, loglik)
}

# The outcome that the plan decides on, of the trials of a variant or by its model.
joint_line <- function(analysis, d, name, labels, structure, rho, time, method, test, level) {
  labels <- labels[labels %in% d$measured]
  kept <- structure_of(analysis, labels)(name)
  found <- joint_fit(d, labels, kept$G, rho, time, test, level, method)
  found$fit$level_given <- level
  if (method != "EE")
    check_maximum(analysis, d, found, structure, time, method, c(logLik(found$fit)), tries = 1)
  c(k = length(unique(d$study_id)), joint_sum(found$fit, as.numeric(seq_along(labels) == 1)), tau2 = kept$G[1, 1])
}

# Cluster-robust errors of sums of coefficients: CR2, a cluster a trial, Satterthwaite.
joint_robust <- function(fit, d) {
  if (!suppressMessages(requireNamespace("clubSandwich", quietly = TRUE))) {
    cat("robust errors need the package clubSandwich: left out\n")
    expected$skipped[grepl("^robust", expected$quantity)] <<- TRUE
    return(function(w, level) NULL)
  }
  vcov <- try(clubSandwich::vcovCR(fit, cluster = d$study_id, type = "CR2"), silent = TRUE)
  function(w, level) {
    one <- try(suppressWarnings(clubSandwich::linear_contrast(fit, vcov, matrix(w, 1))), silent = TRUE)
    if (inherits(one, "try-error")) return(NULL)
    half <- qt((1 + level / 100) / 2, one$df) * one$SE
    c(robust_se = one$SE, robust_df = one$df, robust_p = 2 * pt(-abs(one$Est / one$SE), one$df),
      robust_low = one$Est - half, robust_high = one$Est + half)
  }
}

# rma.mv's own search finds the same height of the likelihood, and none above it.
check_maximum <- function(analysis, d, found, structure, time, method, loglik, tries = 3) {
  d$inner <- if (is.null(time)) d$measured else time[d$measured]
  d$V <- found$V
  searches <- list(list(rel.tol = 1e-10), list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-12, maxit = 1000),
                   list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-12, maxit = 5000))
  heights <- sapply(searches[seq_len(tries)], function(control) {
    fit <- try(suppressWarnings(rma.mv(d$yi, d$V, mods = found$X, intercept = FALSE, random = ~ inner | study_id,
      struct = structure, data = d, method = method, control = control, sparse = FALSE)), silent = TRUE)
    if (inherits(fit, "try-error")) -Inf else c(logLik(fit))
  })
  gap <- max(heights) - loglik
  cat(sprintf("%-24s log-likelihood of rma.mv, searched freely, is higher by %.1e\n", analysis, gap))
  if (is.infinite(gap)) cat("   rma.mv's own search did not converge\n")
  if (gap > 1e-5) agreed <<- FALSE
}
