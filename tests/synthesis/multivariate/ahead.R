# One more trial of one outcome, by metafor's rma.mv: Rscript ahead.R   (after generate.R)
# The data of multivariate.json. After the trial variances and correlations of true effects stay as
# rma.mv found them; before it the variance of the outcome is uncertain by the confidence
# distribution of its own trials, 1 - F(Q(tau2)), the others' and the correlations as found.
suppressMessages({library(metafor); library(jsonlite)})
data <- fromJSON("multivariate.json")$data
sets <- list(berkey1998 = list(group = "trial", kind = "outcome"), kalaian1996 = list(group = "study", kind = "outcome"),
  ishak2007 = list(group = "study", kind = "time"), fine1993 = list(group = "study", kind = "time"))
one <- function(name, struct) {
  d <- data[[name]]
  id <- as.character(d[[sets[[name]]$group]]); kind <- as.character(d[[sets[[name]]$kind]])
  V <- if (!is.null(d$V)) as.matrix(d$V) else
    if (!is.null(d$assumed$phi)) vcalc(d$vi, cluster = id, time1 = d$time, phi = d$assumed$phi) else
    vcalc(d$vi, cluster = id, type = kind, rho = d$assumed$rho)
  y <- d$yi; terms <- unique(kind); X <- sapply(terms, function(t) as.numeric(kind == t))
  df <- data.frame(y = y, id = id, kind = factor(kind, levels = terms))
  for (rel.tol in 10^-(12:8)) {
    fit <- try(rma.mv(y, V, mods = X, intercept = FALSE, random = ~ kind | id, struct = struct, data = df, test = "t",
      sparse = FALSE, control = list(rel.tol = rel.tol, iter.max = 5000, eval.max = 9000)), silent = TRUE)
    if (!inherits(fit, "try-error")) break
  }
  G <- fit$G; dimnames(G) <- NULL
  v_new <- c(0.01, 0.09)
  out <- lapply(seq_along(terms), function(j) {
    after <- do.call(rbind, lapply(v_new, function(v) do.call(rbind, lapply(fit$beta[j] + c(-1, 0, 0.5), function(new) {
      more <- data.frame(y = c(y, new), id = c(id, "next"), kind = factor(c(kind, terms[j]), levels = terms))
      M <- bldiag(V, v) + G[as.integer(more$kind), as.integer(more$kind)] * outer(more$id, more$id, "==")
      f <- rma.mv(more$y, M, mods = rbind(X, seq_along(terms) == j), intercept = FALSE, test = "t", sparse = FALSE)
      data.frame(v = v, y = new, estimate = f$beta[j], low = f$ci.lb[j], high = f$ci.ub[j])
    }))))
    own <- kind == terms[j]; yi <- y[own]; vi <- diag(V)[own]; k <- length(yi)
    Q <- function(t) { w <- 1 / (vi + t); sum(w * (yi - sum(w * yi) / sum(w))^2) }
    above <- pchisq(Q(0), k - 1)
    where <- function(u) {
      q <- qchisq(u, k - 1); top <- 1
      while (Q(top) > q) top <- 4 * top
      uniroot(function(t) Q(t) - q, c(0, top), tol = 1e-14)$root
    }
    gls <- function(t) {
      H <- G
      H[j, ] <- H[, j] <- if (G[j, j] > 0) G[j, ] * sqrt(t / G[j, j]) else 0
      H[j, j] <- t
      M <- V + H[as.integer(df$kind), as.integer(df$kind)] * outer(id, id, "==")
      W <- solve(M); cov <- solve(t(X) %*% W %*% X); c((cov %*% t(X) %*% W %*% y)[j], cov[j, j])
    }
    rule <- eigen(with(list(n = 80), { k <- seq_len(n - 1); M <- matrix(0, n, n)
      M[cbind(k, k + 1)] <- M[cbind(k + 1, k)] <- k / sqrt(4 * k^2 - 1); M }), symmetric = TRUE)
    share <- (rule$values + 1) / 2; weight <- rule$vectors[1, ]^2
    t <- c(sapply(above * share^4, where), 0); mass <- c(above * weight * 4 * share^3, 1 - above)
    mv <- sapply(t, gls)
    bands <- lapply(v_new, function(v) {
      below <- function(x) sum(mass * pnorm((x - mv[1, ]) / sqrt(mv[2, ] + t + v)))
      wide <- 60 * sqrt(max(mv[2, ] + t) + v)
      sapply(c(0.025, 0.975), function(p) uniroot(function(x) below(x) - p, fit$beta[j] + c(-1, 1) * wide, tol = 1e-12)$root)
    })
    list(outcome = terms[j], after = after, v_new = v_new, bands = bands)
  })
  list(set = name, struct = struct, G = G, outcomes = out)
}
cases <- list(one("berkey1998", "UN"), one("berkey1998", "DIAG"), one("kalaian1996", "CS"), one("kalaian1996", "HCS"),
  one("ishak2007", "HCS"), one("ishak2007", "DIAG"), one("fine1993", "CS"), one("fine1993", "DIAG"))
write_json(cases, "ahead.json", digits = NA, auto_unbox = TRUE)
