# ---- networks -------------------------------------------------------------------------------

# Sampling covariance of the rows, those of one trial correlated as they were stored.
covariance_of <- function(analysis, d) {
  V <- diag(d$vi, nrow(d))
  shared <- read(paste0("covariances_", analysis, ".csv"))
  shared <- shared[shared$selection == d$selection[1], ]
  for (i in seq_len(nrow(shared))) {
    at <- match(c(shared$first[i], shared$second[i]), d$trial)
    if (!anyNA(at)) V[at[1], at[2]] <- V[at[2], at[1]] <- shared$covariance[i]
  }
  V
}

# One fit by rma.mv: a variance tau2 of every difference of treatments is a random effect of each
# comparison, correlated by one half within trials (Salanti 2012). tau2 is found to all digits on the
# rows of each trial, rotated until they are independent; `free` lets rma.mv search it too (REML, ML).
network_fit <- function(d, V, X, method, test, level, free = FALSE) {
  d$comparison <- factor(ave(seq_len(nrow(d)), d$study_id, FUN = seq_along))
  many <- nlevels(d$comparison) > 1
  X <- as.matrix(X)
  df <- nrow(d) - ncol(X)
  rotated <- rotate(d, V, X)
  mv <- function(...) {
    arguments <- list(yi = d$yi, V = V, mods = X, intercept = FALSE, data = d, sparse = FALSE, ...)
    if (many) arguments <- c(arguments, list(random = ~ comparison | study_id, struct = "CS", rho = 1 / 2))
    else arguments <- c(arguments, list(random = ~ 1 | study_id))
    suppressWarnings(do.call(rma.mv, arguments))
  }
  loose <- NULL
  tau2 <- 0
  if (method != "EE" && df > 0) {
    tau2 <- tau2_of(rotated, method)
    if (free && method %in% c("REML", "ML")) for (rel.tol in 10^-(12:8)) {
      found <- try(mv(method = method, control = list(rel.tol = rel.tol)), silent = TRUE)
      if (inherits(found, "try-error")) next
      loose <- if (many) found$tau2 else found$sigma2
      break
    }
  }
  fit <- if (nrow(d) == 1) list(beta = d$yi / X[1], vb = V / X[1]^2) # rma.mv refuses one row
    else if (many) mv(tau2 = tau2) else mv(sigma2 = tau2)
  z <- rotated$yi - rotated$X %*% fit$beta
  q <- sum(z^2 / (rotated$vi + tau2))
  factor <- if (df > 0 && test == "knha") q / df else if (df > 0 && test == "adhoc") max(1, q / df) else 1
  list(b = as.vector(fit$beta), vb = fit$vb * factor, tau2 = tau2, loose = loose, df = df,
       ddf = if (test == "z" || df == 0) Inf else df, rotated = rotated, X = X,
       Q = left_over(rotated, 0), level = level)
}
# tau2 of independent rows; rma is not asked, for it centres effects, which is not right for a model
# without intercept.
left_over <- function(r, tau2) {
  w <- 1 / (r$vi + tau2)
  sum(w * (r$yi - r$X %*% solve(crossprod(r$X, r$X * w), crossprod(r$X, r$yi * w)))^2)
}
falls_to <- function(r, target) {
  if (left_over(r, 0) <= target) return(0)
  top <- 1
  while (left_over(r, top) > target) top <- 4 * top
  uniroot(function(x) left_over(r, x) - target, c(0, top), tol = 1e-14, maxiter = 9999)$root
}
tau2_of <- function(r, method) {
  k <- nrow(r)
  p <- ncol(r$X)
  P_of <- function(tau2) {
    w <- 1 / (r$vi + tau2)
    diag(w, k) - (r$X * w) %*% solve(crossprod(r$X, r$X * w), t(r$X * w))
  }
  if (method %in% c("PM", "EB")) return(falls_to(r, k - p))
  if (method == "PMM") return(falls_to(r, qchisq(0.5, k - p)))
  if (method == "DL") return(max(0, (left_over(r, 0) - (k - p)) / sum(diag(P_of(0)))))
  if (method == "HS") return(max(0, (left_over(r, 0) - k) / sum(1 / r$vi)))
  if (method == "HSk") return(max(0, (k / (k - p) * left_over(r, 0) - k) / sum(1 / r$vi)))
  if (method %in% c("HE", "SJ")) {
    M <- diag(k) - r$X %*% solve(crossprod(r$X), t(r$X))
    if (method == "HE")
      return(max(0, (sum(r$yi * (M %*% r$yi)) - sum(diag(M) * r$vi)) / (k - p)))
    start <- mean((r$yi - mean(r$yi))^2)
    return(start * left_over(r, start) / (k - p))
  }
  slope <- function(tau2) {
    P <- P_of(tau2)
    sum((P %*% r$yi)^2) - if (method == "REML") sum(diag(P)) else sum(1 / (r$vi + tau2))
  }
  if (slope(0) <= 0) return(0)
  top <- 1
  while (slope(top) > 0) top <- 4 * top
  uniroot(slope, c(0, top), tol = 1e-14, maxiter = 9999)$root
}
rotate <- function(d, V, X) {
  out <- NULL
  for (rows in split(seq_len(nrow(d)), factor(d$study_id, unique(d$study_id)))) {
    m <- length(rows)
    L <- t(chol((diag(m) + 1) / 2))
    e <- eigen(solve(L, t(solve(L, V[rows, rows, drop = FALSE]))), symmetric = TRUE)
    turn <- t(e$vectors) %*% solve(L)
    part <- data.frame(yi = as.vector(turn %*% d$yi[rows]), vi = e$values)
    part$X <- turn %*% X[rows, , drop = FALSE]
    out <- rbind(out, part)
  }
  out
}

# A sum of coefficients: estimate, test, interval and that of a new trial.
combined <- function(fit, weights) {
  estimate <- sum(weights * fit$b)
  se <- sqrt(as.numeric(t(weights) %*% fit$vb %*% weights))
  half <- qt((1 + fit$level / 100) / 2, fit$ddf)
  c(estimate = estimate, se = se, p = 2 * pt(-abs(estimate / se), fit$ddf),
    ci_low = estimate - half * se, ci_high = estimate + half * se,
    pi_low = estimate - half * sqrt(se^2 + fit$tau2), pi_high = estimate + half * sqrt(se^2 + fit$tau2))
}

check_network <- function(analysis, d, names, pairs, method, test, level, margins) {
  V <- covariance_of(analysis, d)
  full <- sapply(names, function(name) (d$treatment == name) - (d$versus == name))
  full <- matrix(full, nrow(d), dimnames = list(NULL, names))
  others <- names[-1] # the first is the reference
  fit <- network_fit(d, V, full[, others, drop = FALSE], method, test, level, free = TRUE)
  normal <- network_fit(d, V, full[, others, drop = FALSE], method, "z", level)
  if (!is.null(fit$loose)) {
    gap <- abs(fit$loose - fit$tau2) / max(1, fit$tau2)
    cat(sprintf("%-24s tau2 of rma.mv, searched freely, is within %.1e of that used\n", analysis, gap))
    if (gap > 1e-3) agreed <<- FALSE
  }
  weights <- function(one, other) (others == one) - (others == other)
  ddf <- nrow(d) - length(others)
  first <- combined(fit, weights(pairs$treatment[1], pairs$versus[1]))
  z <- combined(normal, weights(pairs$treatment[1], pairs$versus[1]))
  limits <- if (method == "EE" || ddf < 1) NULL else
    c(tau2_ci_low = falls_to(fit$rotated, qchisq((1 + level / 100) / 2, ddf)),
      tau2_ci_high = falls_to(fit$rotated, qchisq((1 - level / 100) / 2, ddf)))
  check(analysis, "pooled", 1, c(k = length(unique(d$study_id)), first, tau2 = fit$tau2,
    z_ci_low = z[["ci_low"]], z_ci_high = z[["ci_high"]], Q = fit$Q,
    Q_p = if (ddf > 0) pchisq(fit$Q, ddf, lower.tail = FALSE) else NA,
    I2 = if (fit$Q > 0) 100 * max(0, (fit$Q - ddf) / fit$Q) else 0, H2 = max(1, fit$Q / max(1, ddf)),
    limits))
  deciding <- list(ci.lb = first[["ci_low"]], ci.ub = first[["ci_high"]], beta = first[["estimate"]],
                   se = first[["se"]], ddf = fit$ddf)
  check_margins(analysis, deciding, c(z[["ci_low"]], z[["ci_high"]]), margins)
  for (i in seq_len(nrow(pairs))) {
    one <- pairs$treatment[i]
    other <- pairs$versus[i]
    check(analysis, "network", i, combined(fit, weights(one, other)))
    alone <- pair_alone(d, V, one, other)
    if (nrow(alone) > 0) {
      rows <- d$study_id %in% alone$study_id
      own <- pool(alone, method, test, level)
      theirs <- c(k = nrow(alone), alone = own$beta[[1]], alone_low = own$ci.lb, alone_high = own$ci.ub)
      # direct and indirect evidence may differ by one parameter, half of it on either arm
      base <- setdiff(names, other)
      Z <- cbind(full[, base, drop = FALSE], ifelse(rows, (full[, one] - full[, other]) / 2, 0))
      if (qr(Z)$rank == ncol(Z)) {
        split <- network_fit(d, V, Z, method, test, level)
        at <- as.numeric(c(base, "") == one)
        last <- as.numeric(seq_len(ncol(Z)) == ncol(Z))
        direct <- combined(split, at + last)
        indirect <- combined(split, at)
        theirs <- c(theirs, direct = direct[["estimate"]], direct_low = direct[["ci_low"]],
          direct_high = direct[["ci_high"]], indirect = indirect[["estimate"]],
          indirect_low = indirect[["ci_low"]], indirect_high = indirect[["ci_high"]],
          split_p = combined(split, last)[["p"]])
      }
    } else theirs <- c(k = 0)
    check(analysis, "network evidence", i, theirs)
  }
  check_designs(analysis, d, V, full, others, method, level)
  for (i in seq_along(names)) {
    better <- sapply(setdiff(names, names[i]), function(other) {
      found <- combined(fit, weights(names[i], other))
      pt(found[["estimate"]] / found[["se"]], fit$ddf)
    })
    check(analysis, "treatments", i, c(p_score = mean(better)))
  }
}

# The comparison that the plan decides on, of the trials of a variant or by its model, and the other
# treatments against the reference.
network_line <- function(analysis, d, names, pair, method, test, level) {
  found <- network_of(analysis, d, names, method, test, level)
  line_in(found, pair, names[1])
}
network_of <- function(analysis, d, names, method, test, level) {
  there <- names[names %in% c(d$treatment, d$versus)]
  X <- sapply(there[-1], function(name) (d$treatment == name) - (d$versus == name))
  X <- matrix(X, nrow(d))
  if (there[1] != names[1] || qr(X)$rank < ncol(X)) return(NULL) # without reference, or in parts
  list(fit = network_fit(d, covariance_of(analysis, d), X, method, test, level), others = there[-1],
       k = length(unique(d$study_id)))
}
line_in <- function(found, pair, reference) {
  out <- c(k = found$k, tau2 = found$fit$tau2)
  if (pair[1] %in% found$others)
    out <- c(out, combined(found$fit, (found$others == pair[1]) - (found$others == pair[2])))
  c(out, others_in(found$fit, setdiff(found$others, pair[1]), found$others))
}
# Treatments against the reference beside the one that decides; `after` are weights of what follows
# the treatments' columns.
others_in <- function(fit, wanted, others, after = numeric()) {
  unlist(lapply(wanted, function(name) {
    found <- combined(fit, c(others == name, after))[c("estimate", "ci_low", "ci_high", "p")]
    setNames(found, paste0(name, ": ", names(found)))
  }))
}

# Trials whose comparisons all have one value of some columns.
whole_known <- function(d, columns, categories = character()) {
  for (column in columns) {
    one <- sapply(d$study_id, function(study) {
      x <- d[[column]][d$study_id == study]
      !anyNA(x) && length(unique(x)) == 1
    })
    d <- d[one, ]
  }
  known(d, columns, categories)
}

# A network in each subgroup, with a tau2 of its own, and whether comparisons differ between them.
check_network_subgroups <- function(analysis, part, d, column, names, pair, method, test, level) {
  d <- whole_known(d, column)
  fits <- lapply(unique(d[[column]]), function(group)
    network_of(analysis, d[d[[column]] == group, ], names, method, test, level))
  for (i in seq_along(fits)) if (!is.null(fits[[i]])) check(analysis, part, i, line_in(fits[[i]], pair, names[1]))
  fits <- Filter(Negate(is.null), fits)
  found <- do.call(rbind, lapply(fits, function(one) data.frame(
    treatment = one$others, estimate = one$fit$b, variance = diag(as.matrix(one$fit$vb)))))
  for (name in unique(found$treatment)) {
    some <- found[found$treatment == name, ]
    if (nrow(some) < 2) next
    apart <- rma(some$estimate, some$variance, method = "EE")
    what <- if (name == pair[1]) "" else paste0(name, " - ", names[1], ": ")
    check(analysis, part, 0, setNames(c(apart$QE, apart$QEp), paste0(what, c("stat", "p"))))
  }
  every <- unique(found$treatment)
  if (nrow(found) <= length(every)) return(invisible())
  all <- rma.mv(found$estimate, bldiag(lapply(fits, function(one) as.matrix(one$fit$vb))), intercept = FALSE,
                mods = outer(found$treatment, every, "==") * 1)
  check(analysis, part, 0, c("all comparisons: stat" = all$QE, "all comparisons: p" = all$QEp))
}

# A meta-regression of a network: one coefficient for every treatment against the reference, or one
# of each (`apart`).
independent <- function(M) {
  q <- qr(M, tol = 1e-7)
  M[, sort(q$pivot[seq_len(q$rank)]), drop = FALSE]
}
# Columns whose coefficients the rows tell: no change of them leaves all rows as they are.
tellable <- function(M) {
  size <- sqrt(colSums(M^2))
  of <- svd(sweep(M, 2, ifelse(size > 0, size, 1), "/"), nv = ncol(M))
  free <- of$v[, seq_len(ncol(M)) > sum(of$d > 1e-7 * of$d[1]), drop = FALSE]
  if (ncol(free) == 0) rep(TRUE, ncol(M)) else apply(abs(free), 1, max) <= 1e-7
}
check_network_regression <- function(analysis, part, d, formula, columns, categories, names, pair, method, test,
                                     level, centred, apart) {
  d <- whole_known(d, columns, categories)
  V <- covariance_of(analysis, d)
  there <- names[names %in% c(d$treatment, d$versus)]
  others <- sort(there[-1], method = "radix")
  of <- function(name) (d$treatment == name) - (d$versus == name)
  X <- matrix(sapply(others, of), nrow(d), dimnames = list(NULL, others))
  trials <- d[!duplicated(d$study_id), ]
  M <- model.matrix(as.formula(formula), trials)
  Z <- M[match(d$study_id, trials$study_id), -1, drop = FALSE]
  common <- independent(cbind(X, -of(names[1]) * Z))
  fit <- network_fit(d, V, common, method, test, level)
  p <- length(others)
  slopes <- seq_len(ncol(common))[-seq_len(p)]
  beside <- setdiff(there[-1], pair[1])
  size <- c(k = nrow(trials), tau2 = fit$tau2)
  none <- rep(0, length(slopes))
  check(analysis, part, 1, c(size, combined(fit, c(others == pair[1], none)), others_in(fit, beside, others, none)))
  for (i in slopes) check(analysis, part, i - p + 1, c(size, combined(fit, as.numeric(seq_len(ncol(common)) == i))))
  if (centred) {
    means <- colMeans(M)[colnames(common)[slopes]]
    check(analysis, part, length(slopes) + 2,
          c(k = nrow(trials), combined(fit, c(others == pair[1], means)), others_in(fit, beside, others, means)))
  }
  # a chi-squared or an F statistic of something on m degrees of freedom
  tested <- function(stat, m, ddf) if (is.finite(ddf)) c(stat = stat / m, p = pf(stat / m, m, ddf, lower.tail = FALSE)) else
    c(stat = stat, p = pchisq(stat, m, lower.tail = FALSE))
  b <- fit$b[slopes]
  check(analysis, part, 0, tested(sum(b * solve(fit$vb[slopes, slopes], b)), length(b), fit$ddf))
  if (!apart) return(invisible())
  many <- do.call(cbind, lapply(seq_len(ncol(Z)), function(j) X * Z[, j]))
  whole <- cbind(X, many)
  q <- qr(whole, tol = 1e-7)
  kept <- sort(q$pivot[seq_len(q$rank)])
  told <- which(kept > p & tellable(whole)[kept])
  each <- network_fit(d, V, whole[, kept, drop = FALSE], method, test, level)
  part <- paste0(part, ": each treatment")
  size[["tau2"]] <- each$tau2
  for (i in seq_along(told))
    check(analysis, part, i, c(size, combined(each, as.numeric(seq_along(each$b) == told[i]))))
  rest <- left_over(each$rotated, each$tau2)
  factor <- if (test == "knha") rest / each$df else if (test == "adhoc") max(1, rest / each$df) else 1
  more <- max(0, left_over(fit$rotated, each$tau2) - rest) / factor
  check(analysis, part, 0, tested(more, length(each$b) - length(fit$b), each$ddf))
}

# An effect of each treatment for each column of a formula without intercept, with one tau2.
check_network_levels <- function(analysis, part, d, formula, columns, categories, names, pair, method, test, level) {
  d <- whole_known(d, columns, categories)
  there <- names[names %in% c(d$treatment, d$versus)]
  others <- sort(there[-1], method = "radix")
  X <- sapply(others, function(name) (d$treatment == name) - (d$versus == name))
  X <- matrix(X, nrow(d), dimnames = list(NULL, others))
  trials <- d[!duplicated(d$study_id), ]
  M <- independent(model.matrix(as.formula(formula), trials))
  row <- match(d$study_id, trials$study_id)
  whole <- do.call(cbind, lapply(seq_len(ncol(M)), function(j) X * M[row, j]))
  q <- qr(whole, tol = 1e-7)
  kept <- sort(q$pivot[seq_len(q$rank)])
  told <- tellable(whole)
  fit <- network_fit(d, covariance_of(analysis, d), whole[, kept, drop = FALSE], method, test, level)
  of <- rep(others, ncol(M))
  at <- rep(seq_len(ncol(M)), each = length(others))
  for (j in seq_len(ncol(M))) {
    out <- c(k = nrow(trials))
    for (i in which(at == j & told)) {
      found <- combined(fit, as.numeric(kept == i))[c("estimate", "ci_low", "ci_high", "p")]
      if (of[i] == pair[1]) out <- c(out, tau2 = fit$tau2, found)
      else out <- c(out, setNames(found, paste0(of[i], ": ", names(found))))
    }
    check(analysis, part, j, out)
  }
  for (name in others) {
    i <- which(kept %in% which(of == name & told))
    if (length(i) == 0) next
    stat <- sum(fit$b[i] * solve(fit$vb[i, i], fit$b[i]))
    test_of <- if (is.finite(fit$ddf)) c(stat = stat / length(i), p = pf(stat / length(i), length(i), fit$ddf, lower.tail = FALSE)) else
      c(stat = stat, p = pchisq(stat, length(i), lower.tail = FALSE))
    what <- if (name == pair[1]) "" else paste0(name, " - ", names[1], ": ")
    check(analysis, part, 0, setNames(test_of, paste0(what, names(test_of))))
  }
}

# The trials that compare two treatments, each as their difference.
pair_alone <- function(d, V, one, other) {
  out <- data.frame(yi = numeric(), vi = numeric(), study_id = numeric())
  for (study in unique(d$study_id)) {
    rows <- which(d$study_id == study)
    if (!all(c(one, other) %in% c(d$treatment[rows], d$versus[rows]))) next
    w <- (d$treatment[rows] == one) - (d$treatment[rows] == other)
    out[nrow(out) + 1, ] <- c(sum(w * d$yi[rows]), t(w) %*% V[rows, rows] %*% w, study)
  }
  out
}

# Designs (sets of treatments) may differ: Q within and between, and the interaction.
check_designs <- function(analysis, d, V, full, others, method, level) {
  design <- sapply(d$study_id, function(study) {
    rows <- d$study_id == study
    paste(sort(unique(c(d$treatment[rows], d$versus[rows]))), collapse = " / ")
  })
  Z <- do.call(cbind, lapply(unique(design), function(one) {
    inside <- full * (design == one)
    inside <- inside[, colSums(inside != 0) > 0, drop = FALSE]
    inside[, -1, drop = FALSE]
  }))
  whole <- rotate(d, V, full[, others, drop = FALSE])
  parts <- rotate(d, V, Z)
  within_df <- nrow(d) - ncol(Z)
  between_df <- ncol(Z) - length(others)
  within <- if (within_df > 0) left_over(parts, 0) else 0
  between <- if (between_df > 0) max(0, left_over(whole, 0) - within) else 0
  theirs <- c(q_within = within, q_between = between)
  if (within_df > 0) theirs <- c(theirs, within_p = pchisq(within, within_df, lower.tail = FALSE))
  if (between_df > 0) theirs <- c(theirs, between_p = pchisq(between, between_df, lower.tail = FALSE))
  if (between_df > 0 && within_df > 0) {
    tau2 <- network_fit(d, V, Z, method, "z", level)$tau2
    wald <- max(0, left_over(whole, tau2) - left_over(parts, tau2))
  } else wald <- between
  theirs <- c(theirs, wald = wald, wald_p = pchisq(wald, max(1, between_df), lower.tail = FALSE))
  check(analysis, "designs", 1, theirs)
}
