# Meta-regressions and subgroups of networks by metafor's rma.mv: Rscript moderated.R
# (R 4.2, metafor 3.8-1, metadat 1.2-0, jsonlite). Rows are contrasts against the first arm of each
# trial, as in generate.R; the year of a trial is centred at 2000. Common: one column, the year times
# what a row has of treatments other than the reference. Apart: such a column of each treatment.
suppressMessages({library(metafor); library(metadat); library(jsonlite)})
logodds <- function(study, treatment, x, n, year) {
  zero <- tapply(x == 0 | x == n, as.character(study), any)[as.character(study)]
  a <- ifelse(zero, 0.5, 0)
  data.frame(study = as.character(study), treatment = as.character(treatment), year = year - 2000,
    estimate = log((x + a) / (n - x + a)), variance = 1 / (x + a) + 1 / (n - x + a))
}
named_year <- function(study) as.numeric(sub(".*((19|20)[0-9]{2}).*", "\\1", study))
linde <- function(d) {
  out <- do.call(rbind, lapply(1:3, function(i) data.frame(id = d$id, year = d$year,
    treatment = d[[paste0("treatment", i)]], x = d[[paste0("resp", i)]], n = d[[paste0("n", i)]])))
  out <- out[!is.na(out$x) & !is.na(out$n) & out$treatment != "", ]
  out <- out[ave(out$n, out$id, FUN = length) > 1, ]
  out <- out[order(match(out$id, unique(out$id))), ]
  out <- out[!ave(out$treatment, out$id, FUN = function(t) anyDuplicated(t) > 0) == "TRUE", ]
  with(out, logodds(id, treatment, x, n, year))
}
sets <- list(
  baker2009 = list("Placebo", with(dat.baker2009, logodds(id, treatment, exac, total, year))),
  hasselblad1998 = list("no_contact", with(dat.hasselblad1998, logodds(study, trt, xi, ni, year))),
  senn2013 = list("placebo", with(dat.senn2013, data.frame(study = as.character(study),
    treatment = as.character(treatment), year = named_year(study) - 2000, estimate = mi, variance = sdi^2 / ni))),
  linde2015 = list("Placebo", linde(dat.linde2015)),
  dogliotti2014 = list("Placebo/Control", with(dat.dogliotti2014, logodds(id, treatment, stroke, total, named_year(study))))
)
rows_of <- function(d, reference) {
  treats <- sort(unique(d$treatment), method = "radix")
  y <- c(); X <- NULL; id <- c(); con <- c(); x <- c(); blocks <- list()
  for (s in unique(d$study)) {
    a <- d[d$study == s, ]; m <- nrow(a)
    C <- cbind(-1, diag(m - 1)); D <- sapply(treats, function(t) as.numeric(a$treatment == t))
    y <- c(y, C %*% a$estimate); X <- rbind(X, C %*% D); x <- c(x, rep(a$year[1], m - 1))
    blocks[[s]] <- C %*% diag(a$variance) %*% t(C)
    id <- c(id, rep(s, m - 1)); con <- c(con, seq_len(m - 1))
  }
  colnames(X) <- treats
  list(y = y, X = X[, treats != reference, drop = FALSE], ref = X[, reference], V = bldiag(blocks), id = id, con = con, x = x)
}
fit <- function(r, X, method) {
  df <- data.frame(y = r$y, id = r$id, con = factor(r$con))
  if (method == "EE") return(rma.mv(y, r$V, mods = X, intercept = FALSE, data = df, sparse = FALSE))
  for (rel.tol in 10^-(12:8)) {
    tight <- list(rel.tol = rel.tol, iter.max = 5000, eval.max = 9000)
    found <- try(if (max(r$con) > 1) rma.mv(y, r$V, mods = X, intercept = FALSE, random = ~ con | id, rho = 1/2, struct = "CS",
        data = df, method = method, sparse = FALSE, control = tight)
      else rma.mv(y, r$V, mods = X, intercept = FALSE, random = ~ 1 | id, data = df, method = method, sparse = FALSE, control = tight), silent = TRUE)
    if (!inherits(found, "try-error")) return(found)
  }
  stop(found)
}
tau2 <- function(f) if (f$withG) f$tau2 else if (f$withS) f$sigma2 else 0
kept <- function(M) { q <- qr(M, tol = 1e-7); M[, sort(q$pivot[seq_len(q$rank)]), drop = FALSE] }
regressions <- function(r, treats) lapply(c("REML", "ML", "EE"), function(method) {
  common <- cbind(r$X, year = -r$ref * r$x)
  f <- fit(r, common, method); p <- ncol(common)
  many <- r$X * r$x; colnames(many) <- paste0(colnames(r$X), ": year")
  Z <- kept(cbind(r$X, many)); g <- fit(r, Z, method)
  W <- cbind(r$X, many) # a coefficient is told where no change of it leaves all rows as they are
  size <- sqrt(colSums(W^2)); W <- sweep(W, 2, ifelse(size > 0, size, 1), "/")
  sv <- svd(W, nv = ncol(W)); free <- sv$v[, seq_len(ncol(W)) > sum(sv$d > 1e-7 * sv$d[1]), drop = FALSE]
  told <- colnames(W)[if (ncol(free)) apply(abs(free), 1, max) < 1e-7 else TRUE]
  at <- which(grepl(": year$", colnames(Z)))
  stopifnot(length(at) == sum(colnames(Z)[at] %in% told)) # so that equality is that of those told
  L <- cbind(matrix(0, length(at) - 1, min(at) - 1), -1, diag(length(at) - 1))
  b <- L %*% g$beta
  list(method = method, tau2 = tau2(f), effects = f$beta[-p], slope = f$beta[p], se = f$se[p], p = f$pval[p],
    apart_tau2 = tau2(g), columns = I(colnames(Z)[at]), slopes = I(g$beta[at]), ses = I(g$se[at]), ps = I(g$pval[at]),
    alike = as.numeric(t(b) %*% solve(L %*% g$vb %*% t(L)) %*% b), df = length(at) - 1)
})
groups <- function(d, reference) {
  cut <- median(d$year[!duplicated(d$study)])
  label <- ifelse(d$year < cut, "early", "late")
  found <- lapply(c("early", "late"), function(g) {
    r <- rows_of(d[label == g, ], reference)
    if (qr(r$X)$rank < ncol(r$X)) return(NULL) # falls apart
    f <- fit(r, r$X, "REML")
    list(label = g, k = length(unique(r$id)), treatments = I(colnames(r$X)), effects = I(as.vector(f$beta)), ses = I(f$se), tau2 = tau2(f), vb = f$vb)
  })
  names(found) <- c("early", "late")
  out <- list(cut = cut, groups = lapply(found, function(g) { g$vb <- NULL; g }))
  if (any(sapply(found, is.null))) return(out)
  both <- intersect(found$early$treatments, found$late$treatments)
  out$tests <- lapply(both, function(t) {
    y <- sapply(found, function(g) g$effects[g$treatments == t]); s <- sapply(found, function(g) g$ses[g$treatments == t])
    q <- rma(y, s^2, method = "EE"); list(treatment = t, stat = q$QE, p = q$QEp)
  })
  every <- unique(c(found$early$treatments, found$late$treatments))
  M <- do.call(rbind, lapply(found, function(g) outer(as.character(g$treatments), every, "==") * 1))
  all <- rma.mv(unlist(lapply(found, function(g) as.numeric(g$effects))), bldiag(lapply(found, `[[`, "vb")), mods = M, intercept = FALSE)
  out$together <- list(stat = all$QE, df = all$k - all$p, p = all$QEp)
  out
}
levels_of <- function(r, d) { # one tau2, an effect of each treatment before and after the median year
  early <- r$x < median(d$year[!duplicated(d$study)])
  Z <- cbind(r$X * early, r$X * !early)
  colnames(Z) <- c(paste0(colnames(r$X), ": early"), paste0(colnames(r$X), ": late"))
  size <- sqrt(colSums(Z^2)); W <- sweep(Z, 2, ifelse(size > 0, size, 1), "/")
  sv <- svd(W, nv = ncol(W)); free <- sv$v[, seq_len(ncol(W)) > sum(sv$d > 1e-7 * sv$d[1]), drop = FALSE]
  told <- colnames(W)[if (ncol(free)) apply(abs(free), 1, max) < 1e-7 else TRUE]
  K <- kept(Z); f <- fit(r, K, "REML"); at <- match(told, colnames(K))
  list(tau2 = tau2(f), columns = I(told), effects = I(f$beta[at]), ses = I(f$se[at]))
}
analyse <- function(set) {
  reference <- set[[1]]; d <- set[[2]]; r <- rows_of(d, reference)
  list(reference = reference, arms = d, regressions = regressions(r), groups = groups(d, reference), levels = levels_of(r, d))
}
write_json(lapply(sets, analyse), "moderated.json", digits = NA, auto_unbox = TRUE, null = "null")
