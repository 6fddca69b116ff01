# What metafor makes of the 17 trials of multimedia CBT: the numbers that the diagnostic figures show.
# From the root of the repository: Rscript tests/export/drawings/diagnostics.R
suppressMessages(library(metafor))
d <- read.csv("tests/figures/multimedia.csv")
tight <- list(threshold = 1e-13, maxiter = 10000)
fit <- rma(yi, vi, data = d, control = tight)
out <- data.frame()
put <- function(what, value) {
  out <<- rbind(out, data.frame(what = what, i = seq_along(value), value = sprintf("%.17g", as.numeric(value))))
}
pdf(NULL)
xy <- baujat(fit)
put("baujat_x", xy$x)
put("baujat_y", xy$y)
inf <- influence(fit)
for (name in c("rstudent", "dffits", "cook.d", "cov.r", "tau2.del", "QE.del", "hat", "weight")) put(name, inf$inf[[name]])
put("influential", inf$is.infl)
put("tau2", fit$tau2)
put("QE", fit$QE)
filled <- trimfill(fit, estimator = "L0", control = tight)
again <- rma(filled$yi, filled$vi, test = "adhoc", control = tight)  # trimfill() of 3.8-1 falls back to test = "z"
put("trimfill", c(again$beta, again$ci.lb, again$ci.ub))
put("filled", filled$yi[filled$fill])
egger <- regtest(d$yi, d$vi, model = "lm")
put("egger", c(egger$zval, egger$dfs, egger$pval))
by_year <- rma(yi, vi, mods = ~ year, data = d, test = "adhoc", control = tight)
put("slope", c(by_year$beta[2], by_year$ci.lb[2], by_year$ci.ub[2], by_year$pval[2]))
ends <- predict(by_year, newmods = c(1983, 2015))
put("first_year", c(ends$pred[1], ends$ci.lb[1], ends$ci.ub[1], ends$pi.lb[1], ends$pi.ub[1]))
put("last_year", c(ends$pred[2], ends$ci.lb[2], ends$ci.ub[2], ends$pi.lb[2], ends$pi.ub[2]))
first <- rma(yi, vi, data = d[c(1, 2, 3, 5, 8), ], control = tight)
put("subset_1_2_3_5_8", c(first$beta, first$I2))
for (level in c(0.5, 0.9, 0.95)) {
  r <- rma(yi, vi, data = d, test = "adhoc", level = 100 * level, control = tight)
  p <- predict(r, level = 100 * level)
  put(paste0("interval_", level), c(r$ci.lb, r$ci.ub, p$pi.lb, p$pi.ub))
}
write.csv(out, "tests/export/drawings/diagnostics.csv", row.names = FALSE, quote = FALSE)
cat("metafor", as.character(packageVersion("metafor")), "\n")
