# Means and SDs from medians of three real data sets, written anew from the papers: Rscript generate.R
#
# Groups of persons with the five numbers of their own values: bilirubin in primary biliary
# cholangitis (survival's pbc, by stage and treatment), thickness of melanomas (MASS's Melanoma, by
# sex and status), days of survival with lung cancer (survival's veteran, by cell and treatment). Of
# each the median with the range, the quartiles, and all five. As in the papers: quantile estimation
# and the Box-Cox method (McGrath et al. 2020), the method for unknown non-normal distributions (Cai,
# Zhou and Pan 2021, with the Jacobian), means by Luo et al. (2018), SDs by Wan et al. (2014) and Shi
# et al. (2020), the test of skewness by Shi et al. (2023). Searches are optim's and optimize's from
# several starts, ways back are integrated by integrate. The mean and SD of the persons are told too.
suppressMessages({library(survival); library(MASS); library(jsonlite)})

bile <- subset(pbc, !is.na(trt))
groups <- list(
  bilirubin = split(bile$bili, paste("stage", bile$stage, "treatment", bile$trt)),
  melanoma = split(Melanoma$thickness, paste("sex", Melanoma$sex, "status", Melanoma$status)),
  survival = split(veteran$time, paste(veteran$celltype, veteran$trt)))

lowest <- function(f, starts, lower = -Inf, upper = Inf) {
  best <- NULL
  for (start in starts) {
    found <- try(optim(start, f, control = list(reltol = 1e-15, maxit = 5000)), silent = TRUE)
    if (inherits(found, "try-error")) next
    for (i in 1:5) found <- optim(found$par, f, control = list(reltol = 1e-16, maxit = 5000))
    if (is.null(best) || found$value < best$value) best <- found
  }
  best
}
lowest1 <- function(f, low, high) {
  grid <- seq(low, high, length.out = 801)
  at <- which.min(sapply(grid, function(x) { v <- f(x); if (is.finite(v)) v else 1e300 }))
  near <- grid[pmin(pmax(at + c(-1, 1), 1), length(grid))]
  found <- optimize(f, near, tol = 1e-13)
  ends <- c(low, high, found$minimum)
  ends[which.min(sapply(ends, function(x) { v <- f(x); if (is.finite(v)) v else 1e300 }))]
}

quantiles <- function(v, s, n) {
  m <- v[(length(v) + 1) / 2]
  squares <- function(q) { d <- sum((q - v)^2); if (is.finite(d)) d else 1e300 }
  families <- list(
    normal = list(f = function(p) qnorm(s, p[1], exp(p[2])), starts = list(c(m, log(diff(range(v)) / 3))),
      moments = function(p) c(p[1], exp(p[2]))),
    `log-normal` = list(f = function(p) qlnorm(s, p[1], exp(p[2])), starts = list(c(log(m), log(0.5)), c(log(m), 0)),
      moments = function(p) { v <- exp(p[2])^2; c(exp(p[1] + v / 2), exp(p[1] + v / 2) * sqrt(expm1(v))) }),
    gamma = list(f = function(p) qgamma(s, exp(p[1]), scale = exp(p[2])), starts = list(c(0, log(m)), c(2, log(m) - 2)),
      moments = function(p) c(exp(p[1] + p[2]), exp(p[1] / 2 + p[2]))),
    Weibull = list(f = function(p) qweibull(s, exp(p[1]), exp(p[2])), starts = list(c(0, log(m)), c(1, log(m))),
      moments = function(p) { a <- exp(p[1]); m1 <- gamma(1 + 1 / a); exp(p[2]) * c(m1, sqrt(gamma(1 + 2 / a) - m1^2)) }))
  fits <- lapply(families, function(one) { b <- lowest(function(p) squares(suppressWarnings(one$f(p))), one$starts)
    list(value = b$value, moments = one$moments(b$par)) })
  best <- which.min(sapply(fits, `[[`, "value"))
  list(mean = fits[[best]]$moments[1], sd = fits[[best]]$moments[2], family = names(families)[best])
}
boxcox <- function(x, power) if (power < 1e-8) log(x) else (x^power - 1) / power
luo <- function(y, n, s) {
  if (length(y) == 5) { a <- 2.2 / (2.2 + n^0.75); b <- 0.7 - 0.72 / n^0.55
    return(a * (y[1] + y[5]) / 2 + b * (y[2] + y[4]) / 2 + (1 - a - b) * y[3]) }
  a <- if (s[1] == 0.25) 0.7 + 0.39 / n else 4 / (4 + n^0.75)
  a * (y[1] + y[3]) / 2 + (1 - a) * y[2]
}
of_range <- function(n) 2 * qnorm((n - 0.375) / (n + 0.25))
of_quartiles <- function(n) 2 * qnorm((0.75 * n - 0.125) / (n + 0.25))
spread <- function(y, n, s, by) {
  if (length(y) == 3) return(if (s[1] == 0.25) (y[3] - y[1]) / of_quartiles(n) else (y[3] - y[1]) / of_range(n))
  w <- if (by == "Wan") 0.5 else 1 / (1 + 0.07 * n^0.6)
  w * (y[5] - y[1]) / of_range(n) + (1 - w) * (y[4] - y[2]) / of_quartiles(n)
}
back <- function(mean, sd, power) {
  if (power < 1e-8) return(c(exp(mean + sd^2 / 2), exp(mean + sd^2 / 2) * sqrt(expm1(sd^2))))
  end <- min(10, (mean + 1 / power) / sd)
  over <- function(f) integrate(function(z) f(z) * dnorm(z), -end, end, rel.tol = 1e-11, subdivisions = 2000)$value
  there <- function(z) pmax(power * (mean + sd * z) + 1, 0)^(1 / power)
  mass <- over(function(z) 1 + 0 * z); m <- over(there) / mass
  c(m, sqrt(over(function(z) (there(z) - m)^2) / mass))
}
symmetric <- function(v, s, n) {
  x <- v / v[(length(v) + 1) / 2]; middle <- (length(v) + 1) / 2
  uneven <- function(power) { y <- boxcox(x, power)
    sum(sapply(seq_len(middle - 1), function(i) ((y[length(y) + 1 - i] - y[middle]) / (y[middle] - y[i]) - 1)^2)) }
  power <- lowest1(uneven, 0, 3); if (power < 1e-6) power <- 0
  y <- boxcox(x, power)
  found <- back(luo(y, n, s), spread(y, n, s, "Wan"), power) * v[middle]
  list(mean = found[1], sd = found[2])
}
likely <- function(v, s, n) {
  middle <- (length(v) + 1) / 2; x <- v / v[middle]
  ranks <- floor(s * n + 1)
  if (length(v) == 5) ranks <- c(1, floor(c(.25, .5, .75) * n + 1), n) else if (s[1] != 0.25) ranks <- c(1, floor(0.5 * n + 1), n)
  ll <- function(y, mean, sd) {
    z <- (y - mean) / sd
    inside <- sum(pmax(diff(ranks) - 1, 0) * log(diff(pnorm(z))))
    outside <- (ranks[1] - 1) * pnorm(z[1], log.p = TRUE) + (n - ranks[length(z)]) * pnorm(z[length(z)], lower.tail = FALSE, log.p = TRUE)
    sum(dnorm(z, log = TRUE)) - length(z) * log(sd) + inside + outside
  }
  unlikely <- function(power) { y <- boxcox(x, power); -ll(y, luo(y, n, s), spread(y, n, s, "Wan")) - (power - 1) * sum(log(x)) }
  power <- lowest1(unlikely, 0, 10); if (power < 1e-6) power <- 0
  y <- boxcox(x, power); start <- c(luo(y, n, s), log(spread(y, n, s, "Wan")))
  best <- lowest(function(p) { v <- -ll(y, p[1], exp(p[2])); if (is.finite(v)) v else 1e300 }, list(start))
  found <- back(best$par[1], exp(best$par[2]), power) * v[middle]
  list(mean = found[1], sd = found[2])
}
skewed <- function(v, s, n) {
  bowley <- function(a, m, b) abs((a + b - 2 * m) / (b - a))
  if (length(v) == 5) return(c(max(2.65 * log(0.6 * n) / sqrt(n) * bowley(v[1], v[3], v[5]), bowley(v[2], v[3], v[4])), 3 / sqrt(n) - 40 / n^3))
  c(bowley(v[1], v[2], v[3]), if (s[1] == 0.25) 2.65 / sqrt(n) - 6 / n^2 else 1 / log(n + 9) + 2.5 / (n + 1))
}

found <- lapply(groups, function(set) {
  set <- Filter(function(x) length(x) >= 15, set)
  unlist(lapply(names(set), function(name) {
    x <- set[[name]]; n <- length(x); five <- unname(quantile(x, c(0, .25, .5, .75, 1)))
    lapply(c("range", "quartiles", "both"), function(have) {
      at <- list(range = c(1, 3, 5), quartiles = 2:4, both = 1:5)[[have]]
      v <- five[at]; s <- c(1 / n, .25, .5, .75, 1 - 1 / n)[at]
      if (any(diff(v) <= 0)) return(NULL)
      list(group = name, have = have, n = n, numbers = setNames(as.list(v), c("minimum", "q1", "median", "q3", "maximum")[at]),
        persons = list(mean = mean(x), sd = sd(x)),
        normal = list(mean = luo(v, n, s), sd = spread(v, n, s, "Shi")),
        qe = quantiles(v, s, n), bc = symmetric(v, s, n), mln = likely(v, s, n), skewness = skewed(v, s, n))
    })
  }), recursive = FALSE)
})
found <- lapply(found, function(set) Filter(Negate(is.null), set))
write_json(found, "medians.json", digits = NA, auto_unbox = TRUE)
print(sapply(found, length))
