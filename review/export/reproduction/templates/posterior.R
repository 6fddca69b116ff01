# ---- posterior by Bayes -----------------------------------------------------------------------

# y ~ normal(mu, v + tau^2); given tau, mu is normal, and tau is integrated out piece by piece over
# u = tau/(s + tau) (Roever 2020). A flat prior of mu is a normal one whose sd0 is Inf.
believed <- function(y, v, level, family, scale, mean0, sd0, above) {
  s <- min(scale, sqrt(median(v)) + sqrt(mean((y - mean(y))^2)))
  given <- function(tau) {
    w <- 1 / outer(tau^2, v, "+")
    precision <- rowSums(w) + 1 / sd0^2
    list(tau = tau, w = w, m = (drop(w %*% y) + mean0 / sd0^2) / precision, p = precision)
  }
  logarithm <- function(u) {
    x <- given(s * u / (1 - u))
    prior <- if (family == "half-normal") -(x$tau / scale)^2 / 2 else -log1p((x$tau / scale)^2)
    rest <- matrix(y, length(u), length(y), byrow = TRUE) - x$m
    prior + rowSums(log(x$w)) / 2 - log(x$p) / 2 - rowSums(x$w * rest^2) / 2 -
      ((x$m - mean0) / sd0)^2 / 2 - 2 * log1p(-u)
  }
  peak <- max(logarithm(seq(0.0005, 0.9995, by = 0.001)))
  total <- function(of, upto = 1) {
    ends <- seq(0, upto, length.out = 41)
    sum(mapply(function(from, to) integrate(function(u)
      exp(logarithm(u) - peak) * of(given(s * u / (1 - u))), from, to, rel.tol = 1e-11,
      abs.tol = 1e-16, stop.on.error = FALSE)$value, ends[-41], ends[-1]))
  }
  all <- total(function(x) 1)
  mean_of <- function(of) total(of) / all
  tails <- c((1 - level) / 2, 0.5, (1 + level) / 2)
  mu <- mean_of(function(x) x$m)
  sd <- sqrt(mean_of(function(x) 1 / x$p + (x$m - mu)^2))
  spread <- function(x, new) sqrt(1 / x$p + if (new) x$tau^2 else 0)
  quantile_of <- function(q, new) {
    off <- function(at) mean_of(function(x) pnorm((at - x$m) / spread(x, new))) - q
    reach <- 4 * (sd + s)
    uniroot(off, mu + c(-reach, reach), extendInt = "upX", tol = 1e-11)$root
  }
  mid <- sapply(tails, quantile_of, new = FALSE)
  new <- sapply(tails[c(1, 3)], quantile_of, new = TRUE)
  u <- sapply(tails, function(q)
    uniroot(function(u) total(function(x) 1, u) / all - q, c(1e-9, 1 - 1e-9), tol = 1e-12)$root)
  tau <- s * u / (1 - u)
  over <- function(at, new) mean_of(function(x) pnorm((x$m - at) / spread(x, new)))
  list(numbers = c(k = length(y), estimate = mu, sd = sd, median = mid[2], ci_low = mid[1],
                   ci_high = mid[3], pi_low = new[1], pi_high = new[2], tau = tau[2],
                   tau_mean = mean_of(function(x) x$tau), tau_low = tau[1], tau_high = tau[3]),
       above = lapply(above, function(at) c(mean = over(at, FALSE), new = over(at, TRUE))))
}
check_posterior <- function(analysis, d, ...) {
  found <- believed(d$yi, d$vi, ...)
  check(analysis, "posterior", 1, found$numbers)
  for (i in seq_along(found$above)) check(analysis, "probability above", i, found$above[[i]])
}
