# One more trial of two treatments, by metafor's rma.mv: Rscript ahead.R   (after generate.R)
# The arms of network.json; the new trial is a row of its own. Limits with each effect that it may
# have are those of rma.mv, which searches tau2 anew. Where its effect is to be expected follows from
# the confidence distribution of tau2, 1 - F(Q(tau2)), by generalised least squares and integrate().
suppressMessages({library(metafor); library(jsonlite)})
sets <- fromJSON("network.json")
asked <- list(senn2013 = c("rosiglitazone", "metformin"), dong2013 = c("LABA", "LABA-ICS"),
  hasselblad1998 = NULL, stowe2010 = NULL, pagliaro1992 = NULL)
one <- function(name) {
  d <- sets[[name]]$arms
  treats <- sort(unique(d$treatment), method = "radix")
  pair <- asked[[name]]
  if (is.null(pair)) pair <- treats[2:1]
  y <- c(); X <- NULL; id <- c(); con <- c(); blocks <- list()
  for (s in unique(d$study)) {
    a <- d[d$study == s, ]; m <- nrow(a)
    C <- cbind(-1, diag(m - 1)); D <- sapply(treats, function(t) as.numeric(a$treatment == t))
    y <- c(y, C %*% a$estimate); X <- rbind(X, C %*% D)
    blocks[[s]] <- C %*% diag(a$variance) %*% t(C)
    id <- c(id, rep(s, m - 1)); con <- c(con, seq_len(m - 1))
  }
  V <- bldiag(blocks); B <- X[, -1, drop = FALSE]
  w <- (treats[-1] == pair[1]) - (treats[-1] == pair[2])
  fit <- function(y, V, X, id, con) {
    df <- data.frame(y = y, id = id, con = factor(con))
    for (rel.tol in 10^-(12:8)) {
      tight <- list(rel.tol = rel.tol, iter.max = 5000, eval.max = 9000)
      found <- try(if (max(con) > 1) rma.mv(y, V, mods = X, intercept = FALSE, random = ~ con | id, rho = 1/2,
        struct = "CS", data = df, sparse = FALSE, control = tight)
      else rma.mv(y, V, mods = X, intercept = FALSE, random = ~ 1 | id, data = df, sparse = FALSE, control = tight), silent = TRUE)
      if (!inherits(found, "try-error")) return(found)
    }
    stop(found)
  }
  tau2 <- function(f) if (max(con) > 1) f$tau2 else f$sigma2
  now <- fit(y, V, B, id, con)
  at <- sum(w * now$beta); sd <- sqrt(as.numeric(t(w) %*% now$vb %*% w) + tau2(now))
  v_new <- c(0.01, 0.04, 0.16)
  after <- do.call(rbind, lapply(v_new, function(v) do.call(rbind, lapply(at + c(-3, -1, 0, 1, 3) * sd, function(new) {
    f <- fit(c(y, new), bldiag(V, v), rbind(B, w), c(id, "next"), c(con, 1))
    data.frame(v = v, y = new, estimate = sum(w * f$beta), se = sqrt(as.numeric(t(w) %*% f$vb %*% w)), tau2 = tau2(f))
  }))))
  S <- outer(id, id, "==") * (1 + diag(length(y))) / 2
  gls <- function(t) {
    W <- solve(V + t * S); cov <- solve(t(B) %*% W %*% B); b <- cov %*% t(B) %*% W %*% y
    r <- y - B %*% b
    list(q = as.numeric(t(r) %*% W %*% r), mean = sum(w * b), var = as.numeric(t(w) %*% cov %*% w))
  }
  df <- length(y) - ncol(B); zero <- gls(0); above <- pchisq(zero$q, df)
  where <- function(u) {
    q <- qchisq(u, df); top <- 1
    while (gls(top)$q > q) top <- 4 * top
    uniroot(function(t) gls(t)$q - q, c(0, top), tol = 1e-13)$root
  }
  # nodes of a Gauss-Legendre rule, found once: the confidence distribution of tau2
  rule <- eigen(with(list(n = 80), { k <- seq_len(n - 1); M <- matrix(0, n, n)
    M[cbind(k, k + 1)] <- M[cbind(k + 1, k)] <- k / sqrt(4 * k^2 - 1); M }), symmetric = TRUE)
  share <- (rule$values + 1) / 2; weight <- rule$vectors[1, ]^2
  u <- above * share^4
  t <- sapply(u, where); nodes <- lapply(t, gls)
  mean <- sapply(nodes, `[[`, "mean"); var <- sapply(nodes, `[[`, "var")
  mass <- above * weight * 4 * share^3
  bands <- lapply(v_new, function(v) {
    below <- function(x) sum(mass * pnorm((x - mean) / sqrt(var + t + v))) + (1 - above) * pnorm((x - zero$mean) / sqrt(zero$var + v))
    wide <- 60 * sqrt(max(var + t) + v)
    sapply(c(0.025, 0.975), function(p) uniroot(function(x) below(x) - p, at + c(-1, 1) * wide, tol = 1e-12)$root)
  })
  list(treatment = pair[1], versus = pair[2], after = after, v_new = v_new, bands = bands)
}
found <- lapply(names(asked), one); names(found) <- names(asked)
write_json(found, "ahead.json", digits = NA, auto_unbox = TRUE)
