# Networks of metadat by metafor's rma.mv: an independent route to every number of network.json.
# Run in this directory: Rscript generate.R   (R 4.2, metafor 3.8-1, metadat 1.2-0, jsonlite)
# Contrasts against the first arm of each trial are the rows, with the full covariance of those that
# share an arm; a random effect of each contrast, correlated by one half within trials (struct "CS"),
# is a variance tau2 common to all differences of treatments.
suppressMessages({library(metafor); library(metadat); library(jsonlite)})
arms_of <- function(study, treatment, estimate, variance, extra = NULL) {
  data.frame(study = as.character(study), treatment = as.character(treatment),
             estimate = estimate, variance = variance)
}
logodds <- function(study, treatment, x, n) {
  zero <- tapply(x == 0 | x == n, as.character(study), any)[as.character(study)]
  a <- ifelse(zero, 0.5, 0)
  arms_of(study, treatment, log((x + a) / (n - x + a)), 1 / (x + a) + 1 / (n - x + a))
}
wide3 <- function(d) {
  out <- NULL
  for (i in 1:3) {
    t <- d[[paste0("t", i)]]; if (is.null(t)) t <- d[[paste0("Treatment", i)]]
    out <- rbind(out, data.frame(study = as.character(d[[1]]), treatment = as.character(t),
      estimate = d[[paste0("y", i)]], variance = d[[paste0("sd", i)]]^2 / d[[paste0("n", i)]]))
  }
  out <- out[!is.na(out$estimate) & !is.na(out$treatment) & out$treatment != "", ]
  out[order(match(out$study, unique(out$study))), ]
}
sets <- list(
  senn2013 = with(dat.senn2013, arms_of(study, treatment, mi, sdi^2 / ni)),
  hasselblad1998 = with(dat.hasselblad1998, logodds(study, trt, xi, ni)),
  dong2013 = with(dat.dong2013, logodds(id, treatment, death, randomized)),
  woods2010 = with(dat.woods2010, logodds(author, treatment, r, N)),
  stowe2010 = wide3(dat.stowe2010),
  franchini2012 = wide3(dat.franchini2012),
  pagliaro1992 = with(dat.pagliaro1992, logodds(study, trt, xi, ni)),
  dogliotti2014 = with(dat.dogliotti2014, logodds(id, treatment, stroke, total))
)
analyse <- function(d) {
  studies <- unique(d$study); treats <- sort(unique(d$treatment), method = "radix")
  y <- c(); S <- c(); X <- NULL; id <- c(); con <- c(); pairs <- list(); design <- c()
  blocks <- list()
  for (s in studies) {
    a <- d[d$study == s, ]; m <- nrow(a)
    C <- cbind(-1, diag(m - 1)); D <- sapply(treats, function(t) as.numeric(a$treatment == t))
    y <- c(y, C %*% a$estimate); X <- rbind(X, C %*% D)
    blocks[[s]] <- C %*% diag(a$variance) %*% t(C)
    id <- c(id, rep(s, m - 1)); con <- c(con, seq_len(m - 1))
    design <- c(design, rep(paste(sort(a$treatment, method = "radix"), collapse = "|"), m - 1))
  }
  V <- bldiag(blocks); colnames(X) <- treats
  df <- data.frame(y = y, id = id, con = factor(con))
  fit <- function(X, method) rma.mv(y, V, mods = X, intercept = FALSE, random = ~ con | id,
    rho = 1/2, struct = "CS", data = df, method = method, sparse = FALSE,
    control = list(rel.tol = 1e-10, iter.max = 2000, eval.max = 4000))
  many <- max(con) > 1
  if (!many) fit <- function(X, method) rma.mv(y, V, mods = X, intercept = FALSE, random = ~ 1 | id,
    data = df, method = method, control = list(rel.tol = 1e-10, iter.max = 2000, eval.max = 4000))
  tau2 <- function(f) if (many) f$tau2 else f$sigma2
  base <- X[, -1, drop = FALSE]
  one <- function(method) {
    f <- fit(base, method)
    list(method = method, beta = as.vector(f$beta), se = f$se, tau2 = tau2(f),
         Q = f$QE, Q_df = f$k - f$p, Q_p = f$QEp)
  }
  fixed <- rma.mv(y, V, mods = base, intercept = FALSE)
  models <- lapply(c("REML", "ML"), one)
  models[[3]] <- list(method = "EE", beta = as.vector(fixed$beta), se = fixed$se, tau2 = 0,
                      Q = fixed$QE, Q_df = fixed$k - fixed$p, Q_p = fixed$QEp)
  splits <- list()
  for (i in seq_along(treats)[-length(treats)]) for (j in (i + 1):length(treats)) {
    both <- sapply(id, function(s) all(treats[c(i, j)] %in% d$treatment[d$study == s]))
    if (!any(both)) next
    extra <- ifelse(both, 0.5 * (X[, i] - X[, j]), 0)
    Z <- cbind(X[, -j, drop = FALSE], extra)
    if (qr(Z)$rank < ncol(Z)) next
    if (nrow(Z) <= ncol(Z)) next
    f <- try(fit(Z, "REML"), silent = TRUE); if (inherits(f, "try-error")) next
    p <- ncol(Z)
    splits[[length(splits) + 1]] <- list(a = treats[i], b = treats[j], k = length(unique(id[both])),
      indirect = f$beta[i], split = f$beta[p], se = f$se[p], p = f$pval[p], tau2 = tau2(f))
  }
  full <- NULL
  for (g in unique(design)) {
    t <- strsplit(g, "|", fixed = TRUE)[[1]][-1]
    full <- cbind(full, sapply(t, function(u) ifelse(design == g, X[, u], 0)))
  }
  within <- if (nrow(full) > ncol(full)) rma.mv(y, V, mods = full, intercept = FALSE)$QE else 0
  wald <- NULL
  extra_df <- ncol(full) - ncol(base)
  if (extra_df > 0 && nrow(full) > ncol(full)) {
    # full design in the terms base + those that base does not span: Wald test of the latter
    q <- qr(cbind(base, full)); keep <- q$pivot[seq_len(q$rank)]
    Z <- cbind(base, full)[, sort(keep)]
    f <- fit(Z, "REML"); w <- (ncol(base) + 1):ncol(Z)
    b <- f$beta[w]; wald <- list(stat = as.vector(t(b) %*% solve(f$vb[w, w]) %*% b), tau2 = tau2(f))
  }
  list(arms = d, treatments = treats, models = models, splits = splits,
       interaction = list(designs = length(unique(design)), within = within,
         within_df = nrow(full) - ncol(full), between = fixed$QE - within, between_df = extra_df,
         wald = wald))
}
write_json(lapply(sets, analyse), "network.json", digits = NA, auto_unbox = TRUE, null = "null")
