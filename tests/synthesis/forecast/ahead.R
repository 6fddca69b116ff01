# One more trial of four real data sets of metadat, by metafor's rma: Rscript ahead.R
# Limits with each effect that it may have are those of rma (REML, Hartung and Knapp's and normal ones),
# which searches tau2 anew. Where its effect is to be expected follows from the confidence distribution
# of tau2, 1 - F(Q(tau2)), by weighted means and a Gauss-Legendre rule.
suppressMessages({library(metafor); library(metadat); library(jsonlite)})
sets <- list(
  bcg = escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg),
  normand1999 = escalc("SMD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = dat.normand1999),
  molloy2014 = escalc("ZCOR", ri = ri, ni = ni, data = dat.molloy2014),
  raudenbush1985 = dat.raudenbush1985)
fitted <- function(y, v, test) {
  for (threshold in 10^-(13:6)) {
    found <- try(rma(y, v, test = test, control = list(threshold = threshold, maxiter = 10000)), silent = TRUE)
    if (!inherits(found, "try-error")) return(found)
  }
  stop(found)
}
one <- function(d) {
  y <- as.numeric(d$yi); v <- as.numeric(d$vi)
  now <- fitted(y, v, "z"); sd <- sqrt(now$se^2 + now$tau2); v_new <- c(0.01, 0.04, 0.16)
  after <- do.call(rbind, lapply(c("z", "knha"), function(test) do.call(rbind, lapply(v_new, function(n)
    do.call(rbind, lapply(c(now$beta) + c(-3, -1, 0, 1, 3) * sd, function(new) {
      f <- fitted(c(y, new), c(v, n), test)
      data.frame(test = test, v = n, y = new, low = f$ci.lb, high = f$ci.ub)
    }))))))
  wls <- function(t) { w <- 1 / (v + t); m <- sum(w * y) / sum(w); list(q = sum(w * (y - m)^2), mean = m, var = 1 / sum(w)) }
  df <- length(y) - 1; zero <- wls(0); above <- pchisq(zero$q, df)
  where <- function(u) { q <- qchisq(u, df); top <- 1
    while (wls(top)$q > q) top <- 4 * top
    uniroot(function(t) wls(t)$q - q, c(0, top), tol = 1e-13)$root }
  rule <- eigen(with(list(n = 80), { k <- seq_len(n - 1); M <- matrix(0, n, n)
    M[cbind(k, k + 1)] <- M[cbind(k + 1, k)] <- k / sqrt(4 * k^2 - 1); M }), symmetric = TRUE)
  share <- (rule$values + 1) / 2; weight <- rule$vectors[1, ]^2
  t <- sapply(above * share^4, where); nodes <- lapply(t, wls)
  mean <- sapply(nodes, `[[`, "mean"); var <- sapply(nodes, `[[`, "var"); mass <- above * weight * 4 * share^3
  bands <- lapply(v_new, function(n) {
    below <- function(x) sum(mass * pnorm((x - mean) / sqrt(var + t + n))) + (1 - above) * pnorm((x - zero$mean) / sqrt(zero$var + n))
    wide <- 60 * sqrt(max(var + t) + n)
    sapply(c(0.025, 0.975), function(p) uniroot(function(x) below(x) - p, c(now$beta) + c(-1, 1) * wide, tol = 1e-12)$root) })
  list(yi = y, vi = v, after = after, v_new = v_new, bands = bands)
}
write_json(lapply(sets, one), "ahead.json", digits = NA, auto_unbox = TRUE)
