# Treatment-arm continuity correction (Sweeting, Sutton & Lambert 2004) of three data sets of metadat,
# the cells corrected here and pooled by metafor: Rscript by_arm.R
suppressMessages({library(metafor); library(metadat); library(jsonlite)})

sets <- list(
  catheters = with(dat.nielweise2007, data.frame(ai = ai, n1i = n1i, ci = ci, n2i = n2i)),
  "beta blockers" = with(subset(dat.yusuf1985, table == "6"), data.frame(ai = ai, n1i = n1i, ci = ci, n2i = n2i)),
  rehydration = with(dat.hahn2001, data.frame(ai = ai, n1i = n1i, ci = ci, n2i = n2i)))
found <- list()
for (name in names(sets)) {
  d <- sets[[name]]
  d <- d[stats::complete.cases(d), ]
  zero <- with(d, ai == 0 | ai == n1i | ci == 0 | ci == n2i)
  fits <- list()
  for (to in c("only0", "all")) {
    one <- with(d, n1i / (n1i + n2i)) * (zero | to == "all")
    two <- with(d, n2i / (n1i + n2i)) * (zero | to == "all")
    for (m in c("OR", "RR", "RD")) {
      e <- escalc(m, ai = d$ai + one, bi = d$n1i - d$ai + one, ci = d$ci + two, di = d$n2i - d$ci + two, add = 0, to = "none")
      fit <- rma(yi, vi, data = e, method = "DL", test = "z")
      fits[[paste(m, to)]] <- list(estimate = c(fit$beta), se = fit$se, tau2 = fit$tau2)
    }
  }
  found[[name]] <- list(counts = as.matrix(d), zeros = sum(zero), fits = fits)
}
write_json(found, "by_arm.json", digits = NA, auto_unbox = TRUE)
