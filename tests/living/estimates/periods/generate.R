# Two periods of the same persons by metafor's measures of matched pairs: Rscript generate.R
#
# Approval of a prime minister at two surveys (Agresti 1990, as in ?mcnemar.test), wheeze of children at
# two ages (geepack::ohio), presence of bacteria in two weeks (MASS::bacteria): events of both occasions
# and phi between them. Log odds ratios are marginal (MPORM), risk ratios MPRR, risk differences MPRD.
# Arcsine differences, which metafor has not of pairs, are written out by the delta method. Log ratios of
# means (ROMC) are of two groups of Morris 2008 and of weights before and after treatment (MASS::anorexia).
suppressMessages({library(metafor); library(jsonlite)})

wheeze <- reshape(geepack::ohio[c("id", "age", "resp")], idvar = "id", timevar = "age", direction = "wide")
week <- subset(MASS::bacteria, week %in% c(0, 2))
week <- reshape(transform(week, y = as.integer(y == "y"))[c("ID", "week", "y")], idvar = "ID", timevar = "week", direction = "wide")
week <- week[complete.cases(week), ]
both <- function(one, other) c(sum(one & other), sum(one & !other), sum(!one & other), sum(!one & !other))
pairs <- list(approval = c(794, 150, 86, 570), wheeze = both(wheeze[["resp.-2"]] == 1, wheeze[["resp.1"]] == 1),
              bacteria = both(week[["y.0"]] == 1, week[["y.2"]] == 1))
of_pairs <- lapply(pairs, function(t) {
  n <- sum(t); x1 <- t[1] + t[2]; x2 <- t[1] + t[3]; p <- x1 / n; q <- x2 / n
  phi <- (t[1] / n - p * q) / sqrt(p * (1 - p) * q * (1 - q))
  got <- function(m, ...) { e <- escalc(m, ...); c(as.numeric(e$yi), e$vi) }
  list(n = n, x1 = x1, x2 = x2, phi = phi, fits = list(
    OR = got("MPORM", ai = x1, bi = n - x1, ci = x2, di = n - x2, ri = phi),
    RR = got("MPRR", ai = t[1], bi = t[2], ci = t[3], di = t[4], add = 0, to = "none"),
    RD = got("MPRD", ai = t[1], bi = t[2], ci = t[3], di = t[4], add = 0, to = "none"),
    AS = c(asin(sqrt(p)) - asin(sqrt(q)), (1 - phi) / (2 * n))))
})
a <- MASS::anorexia
means <- c(
  list(list(20, 38.5, 11.6, 30.6, 15.0, .47), list(50, 26.8, 4.1, 23.5, 3.1, .64)),
  lapply(split(a, a$Treat), function(d) list(nrow(d), mean(d$Postwt), sd(d$Postwt), mean(d$Prewt), sd(d$Prewt), cor(d$Prewt, d$Postwt))))
of_means <- lapply(unname(means), function(x) {
  e <- escalc("ROMC", m1i = x[[2]], sd1i = x[[3]], m2i = x[[4]], sd2i = x[[5]], ni = x[[1]], ri = x[[6]])
  list(n = x[[1]], m1 = x[[2]], sd1 = x[[3]], m2 = x[[4]], sd2 = x[[5]], r = x[[6]], yi = as.numeric(e$yi), vi = e$vi)
})
write_json(list(pairs = of_pairs, means = of_means), "periods.json", digits = NA, auto_unbox = TRUE)
