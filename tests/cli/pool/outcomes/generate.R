# Several outcomes of the studies of a file by metafor 3.8: Rscript generate.R, here
#
# Data: package metadat (berkey1998, kalaian1996, assink2016 with one effect of a study and kind).
suppressMessages({library(metafor); library(metadat); library(jsonlite)})
out <- list()
one <- function(name, d, struct, study, outcome, rho) {
  d <- data.frame(study = as.character(d[[study]]), outcome = as.character(d[[outcome]]), yi = d$yi, vi = d$vi)
  d$outcome <- factor(d$outcome, levels = unique(d$outcome))
  write.csv(d, paste0(name, ".csv"), row.names = FALSE, quote = FALSE)
  V <- vcalc(vi, cluster = study, type = outcome, rho = rho, data = d)
  r <- rma.mv(yi, V, mods = ~ 0 + outcome, random = ~ outcome | study, struct = struct, data = d,
              control = list(optimizer = "BFGS", reltol = 1e-14, maxit = 5000))
  a <- anova(r, X = c(-1, 1, rep(0, length(r$beta) - 2)))
  out[[length(out) + 1]] <<- list(data = name, structure = struct, rho = rho, beta = c(r$beta), se = r$se,
    difference = c(a$Xb), difference_se = c(a$se), QE = r$QE, loglik = c(logLik(r)))
}
one("berkey", dat.berkey1998, "UN", "trial", "outcome", 0.6)
one("berkey", dat.berkey1998, "CS", "trial", "outcome", 0.6)
one("kalaian", dat.kalaian1996, "UN", "study", "outcome", 0.66)
one("kalaian", dat.kalaian1996, "DIAG", "study", "outcome", 0.66)
assink <- aggregate(cbind(yi, vi) ~ study + deltype, data = dat.assink2016, FUN = function(x) x[1])
one("assink", assink, "CS", "study", "deltype", 0.4)
write_json(out, "expected.json", digits = NA, auto_unbox = TRUE)
