# Formulas of sampling variances, and effects without small-sample correction, of three data sets of
# metadat, pooled by metafor: Rscript generate.R
suppressMessages({library(metafor); library(metadat); library(jsonlite)})

sharp <- list(maxiter = 10000, threshold = 1e-9, stepadj = 0.9)
strokes <- dat.normand1999[, c("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")]
plants <- head(dat.curtis1998[, c("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")], 40)
vaccine <- with(dat.bcg, data.frame(ai = tpos, n1i = tpos + tneg, ci = cpos, n2i = cpos + cneg))

# Cohen's d by hand, with the variances of Hedges 1982 (LS), Borenstein 2009 (LS2), Hedges 1983 (UB):
# metafor 3.8 gives them of g alone
of_d <- function(x, vtype) with(x, {
  m <- n1i + n2i - 2
  d <- (m1i - m2i) / sqrt(((n1i - 1) * sd1i^2 + (n2i - 1) * sd2i^2) / m)
  J <- exp(lgamma(m / 2) - log(sqrt(m / 2)) - lgamma((m - 1) / 2))
  sizes <- 1 / n1i + 1 / n2i
  list(yi = d, vi = switch(vtype, UB = sizes + (1 - (m - 2) / (m * J^2)) * d^2, H0 = sizes,
                           sizes + d^2 / (2 * (m + 2))))
})
effects <- function(measure, x, vtype, correct) {
  if (measure == "SMD" && !correct) return(of_d(x, vtype))
  usual <- if (vtype == "H0") "LS" else vtype
  e <- do.call(escalc, c(list(measure = measure, vtype = usual), x))
  y <- as.numeric(e$yi)
  if (measure == "ROM" && correct) # metafor before version 5 has none; Lajeunesse 2015
    y <- y + with(x, sd1i^2 / (n1i * m1i^2) - sd2i^2 / (n2i * m2i^2)) / 2
  list(yi = y, vi = if (vtype == "H0") with(x, 1 / n1i + 1 / n2i) else e$vi)
}
asked <- list(
  strokes = list(x = strokes, of = list(SMD = c("LS", "LS2", "UB", "H0"), MD = c("LS", "HO"))),
  plants = list(x = plants, of = list(ROM = c("LS", "HO"), SMD = c("LS2", "UB"))),
  vaccine = list(x = vaccine, of = list(RD = c("LS", "UB"))))
found <- list()
for (name in names(asked)) {
  fits <- list()
  for (measure in names(asked[[name]]$of)) for (vtype in asked[[name]]$of[[measure]])
    for (correct in if (measure %in% c("SMD", "ROM")) c(TRUE, FALSE) else TRUE) {
      e <- effects(measure, asked[[name]]$x, vtype, correct)
      fit <- rma(e$yi, e$vi, method = "REML", test = "knha", control = sharp)
      fits[[length(fits) + 1]] <- list(measure = measure, vtype = vtype, correct = correct,
        yi = e$yi, vi = e$vi, estimate = c(fit$beta), se = fit$se, tau2 = fit$tau2,
        I2_q = rma(e$yi, e$vi, method = "DL")$I2) # tau2 by moments of Q: I2 is that from Q
    }
  found[[name]] <- list(rows = asked[[name]]$x, fits = fits)
}
write_json(found, "expected.json", digits = NA, auto_unbox = TRUE)
