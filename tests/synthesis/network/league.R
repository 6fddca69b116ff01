# League tables, intervals and P-scores of network.json's networks by metafor: Rscript league.R
#
# The arms are read from network.json; the model is that of generate.R (rma.mv, tau2 common to all
# differences). Every pair is a linear combination of the coefficients, its interval normal or by t;
# a P-score is the mean of one-sided p (Ruecker and Schwarzer 2015), more being better.
suppressMessages({library(metafor); library(jsonlite)})
sets <- fromJSON("network.json", simplifyVector = FALSE)
analyse <- function(set) {
  d <- do.call(rbind, lapply(set$arms, function(a) data.frame(a)))
  treats <- unlist(set$treatments)
  y <- c(); X <- NULL; id <- c(); con <- c(); blocks <- list()
  for (s in unique(d$study)) {
    a <- d[d$study == s, ]; m <- nrow(a)
    C <- cbind(-1, diag(m - 1)); D <- sapply(treats, function(t) as.numeric(a$treatment == t))
    y <- c(y, C %*% a$estimate); X <- rbind(X, C %*% D)
    blocks[[s]] <- C %*% diag(a$variance) %*% t(C)
    id <- c(id, rep(s, m - 1)); con <- c(con, seq_len(m - 1))
  }
  V <- bldiag(blocks); df <- data.frame(y = y, id = id, con = factor(con)); base <- X[, -1, drop = FALSE]
  control <- list(rel.tol = 1e-10, iter.max = 2000, eval.max = 4000)
  of <- function(f) {
    b <- c(0, f$beta); vb <- rbind(0, cbind(0, f$vb))
    q <- if (f$test == "t") qt(0.975, f$k - f$p) else qnorm(0.975)
    below <- function(x) if (f$test == "t") pt(x, f$k - f$p) else pnorm(x)
    pairs <- list(); score <- setNames(numeric(length(treats)), treats)
    for (i in seq_along(treats)) for (j in seq_along(treats)) if (i != j) {
      est <- b[i] - b[j]; se <- sqrt(vb[i, i] + vb[j, j] - 2 * vb[i, j])
      score[i] <- score[i] + below(est / se) / (length(treats) - 1)
      if (i > j) pairs[[length(pairs) + 1]] <- list(a = treats[i], b = treats[j], estimate = est, se = se,
        ci = est + c(-1, 1) * q * se, p = 2 * below(-abs(est / se)))
    }
    list(pairs = pairs, scores = as.list(score))
  }
  z <- if (max(con) > 1) rma.mv(y, V, mods = base, intercept = FALSE, random = ~ con | id, rho = 1/2, struct = "CS", data = df, sparse = FALSE, control = control)
       else rma.mv(y, V, mods = base, intercept = FALSE, random = ~ 1 | id, data = df, control = control)
  list(EE = of(rma.mv(y, V, mods = base, intercept = FALSE)), REML = of(z))
}
write_json(lapply(sets, analyse), "league.json", digits = NA, auto_unbox = TRUE)
