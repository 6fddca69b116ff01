# Location-scale models by metafor on data sets of metadat: Rscript generate.R
suppressMessages({library(metafor); library(metadat); library(jsonlite)})

cases <- list()
data <- list()
tight <- list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-15, maxit = 5000, hessianCtrl = list(r = 8))
also <- list(optimizer = "nlminb", rel.tol = 1e-12, hessianCtrl = list(r = 8))
best <- function(...) {
  given <- match.call(expand.dots = FALSE)$...
  here <- parent.frame()
  fits <- lapply(list(tight, also), function(control)
    tryCatch(suppressWarnings(eval(as.call(c(quote(rma), given, list(control = control))), here)), error = function(e) { message(conditionMessage(e)); NULL }))
  fits <- Filter(Negate(is.null), fits)
  fits[[which.max(sapply(fits, function(f) c(logLik(f))))]]
}
add <- function(name, set, mods, scale, link, method, test, fit) {
  cases[[length(cases) + 1]] <<- list(name = name, set = set, mods = mods, scale = scale, link = link, method = method,
    test = test, beta = c(fit$beta), se = fit$se, p = c(fit$pval), alpha = c(fit$alpha), alpha_se = fit$se.alpha,
    alpha_p = c(fit$pval.alpha), alpha_low = fit$ci.lb.alpha, alpha_high = fit$ci.ub.alpha,
    QS = fit$QS, QSp = fit$QSp, tau2 = fit$tau2, Q = fit$QE, loglik = c(logLik(fit)))
  cat(name, c(logLik(fit)), "\n")
}
tau2s <- list()

bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
data$bcg <- list(yi = c(bcg$yi), vi = c(bcg$vi), ablat = bcg$ablat, alloc = bcg$alloc)
for (l in c("log", "identity")) for (m in c("REML", "ML"))
  add(paste("bcg latitude", l, m), "bcg", "1", "ablat", l, m, "z", best(yi, vi, scale = ~ ablat, link = l, data = bcg, method = m))
add("bcg both", "bcg", "ablat", "ablat", "log", "REML", "z", best(yi, vi, mods = ~ ablat, scale = ~ ablat, data = bcg))
add("bcg knha", "bcg", "ablat", "ablat", "log", "REML", "knha", best(yi, vi, mods = ~ ablat, scale = ~ ablat, data = bcg, test = "knha"))
add("bcg t", "bcg", "1", "ablat", "log", "REML", "t", best(yi, vi, scale = ~ ablat, data = bcg, test = "t"))

w <- dat.bangertdrowns2004
w <- w[!is.na(w$meta), ]
data$writing <- list(yi = w$yi, vi = w$vi, ni = w$ni / 100, meta = as.character(w$meta))
w$ni <- w$ni / 100
add("writing size", "writing", "1", "ni", "log", "REML", "z", best(yi, vi, scale = ~ ni, data = w))
add("writing size identity", "writing", "1", "ni", "identity", "REML", "z", best(yi, vi, scale = ~ ni, link = "identity", data = w))
add("writing both", "writing", "meta", "ni + meta", "log", "REML", "z", best(yi, vi, mods = ~ factor(meta), scale = ~ ni + factor(meta), data = w))
for (t in c("knha", "t"))
  add(paste("writing", t), "writing", "meta", "ni", "log", "REML", t, best(yi, vi, mods = ~ factor(meta), scale = ~ ni, data = w, test = t))

a <- escalc(measure = "ZCOR", ri = ri, ni = ni, data = dat.crede2010)
a <- a[a$criterion == "grade", ]
a <- a[!is.na(a$class), ]
data$attendance <- list(yi = c(a$yi), vi = c(a$vi), class = a$class, year = a$year - 2000)
a$year <- a$year - 2000
add("attendance class", "attendance", "class", "class", "log", "REML", "z", best(yi, vi, mods = ~ class, scale = ~ class, data = a))
add("attendance year", "attendance", "year", "year", "log", "ML", "z", best(yi, vi, mods = ~ year, scale = ~ year, data = a, method = "ML"))
add("attendance year identity", "attendance", "1", "year", "identity", "REML", "z", best(yi, vi, scale = ~ year, link = "identity", data = a))
for (t in c("knha", "t"))
  add(paste("attendance", t), "attendance", "year", "year", "log", "REML", t, best(yi, vi, mods = ~ year, scale = ~ year, data = a, test = t))

## tau2 of subgroups and one tau2 for all, each with a mean of its own: likelihood ratio
groups <- list()
for (one in list(list("bcg", bcg, "alloc"), list("attendance", a, "class"), list("writing", transform(w, meta = as.character(meta)), "meta"))) {
  d <- one[[2]]
  d$g <- factor(as.character(d[[one[[3]]]]), levels = unique(as.character(d[[one[[3]]]])))
  sharp <- list(maxiter = 10000, threshold = 1e-12)
  tau2 <- sapply(levels(d$g), function(l) rma(yi, vi, data = d, subset = g == l, control = sharp)$tau2)
  lone <- rma(yi, vi, mods = ~ g, data = d, control = sharp)
  apart <- rma.mv(yi, vi, mods = ~ g, random = ~ g | seq_len(nrow(d)), struct = "DIAG", data = transform(d, id = seq_along(yi)), tau2 = tau2)
  stat <- 2 * (c(logLik(apart)) - c(logLik(lone)))
  groups[[one[[1]]]] <- list(by = one[[3]], tau2 = as.list(tau2), one = lone$tau2, stat = stat,
                            df = nlevels(d$g) - 1, p = pchisq(stat, nlevels(d$g) - 1, lower.tail = FALSE))
}
write_json(list(data = data, cases = cases, groups = groups), "location_scale.json", digits = NA, auto_unbox = TRUE, null = "null")
