# Correlations of three real data sets, corrected for invented reliabilities as on the page of
# metafor about Hunter and Schmidt's method (metafor-project.org, tips: yi/A, vi/A^2), and pooled.
# Rscript generate.R writes expected.json beside it.
suppressMessages({library(metafor); library(metadat)})

sets <- list(
  molloy2014 = dat.molloy2014,
  mcdaniel1994 = dat.mcdaniel1994,
  crede2010 = subset(dat.crede2010, criterion == "grade")
)
out <- list()
for (name in names(sets)) {
  d <- sets[[name]]
  # as large as reliabilities allow, a correlation has no corrected z
  d <- d[!is.na(d$ri) & !is.na(d$ni) & d$ni > 3 & abs(d$ri) < 0.75, c("ni", "ri")]
  d <- d[seq_len(min(60, nrow(d))), ]
  rxx <- rep_len(c(0.93, 0.85), nrow(d))
  ryy <- rep_len(c(0.80, 0.74, 0.91), nrow(d))
  a <- sqrt(rxx * ryy)
  r <- escalc("COR", ri = ri, ni = ni, data = d)
  yi <- list(COR = as.numeric(r$yi) / a, ZCOR = atanh(d$ri / a))
  z <- escalc("ZCOR", ri = ri, ni = ni, data = d)
  # of r/A the variance (1 - r^2)^2/(n - 3)/A^2, and of its z that over (1 - (r/A)^2)^2
  vi <- list(COR = as.numeric(r$vi) / a^2,
             ZCOR = as.numeric(z$vi) * (1 - d$ri^2)^2 / a^2 / (1 - (d$ri / a)^2)^2)
  fits <- lapply(c(COR = "COR", ZCOR = "ZCOR"), function(m) {
    lapply(c(REML = "REML", DL = "DL", HS = "HS"), function(method) {
      fit <- rma(yi[[m]], vi[[m]], method = method, control = list(threshold = 1e-10, maxiter = 1000))
      list(estimate = as.numeric(fit$beta), se = fit$se, tau2 = fit$tau2, Q = fit$QE)
    })
  })
  out[[name]] <- list(ni = d$ni, ri = d$ri, fits = fits)
}
writeLines(jsonlite::toJSON(out, digits = NA, auto_unbox = TRUE), "expected.json")
