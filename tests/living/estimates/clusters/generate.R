# Counts of trials as if every second one were randomised by clusters of 15 with ICC 0.03, by
# metafor on data sets of metadat: events and persons over the design effect. Rscript generate.R
suppressMessages({library(metafor); library(metadat); library(jsonlite)})

sets <- list(
  bcg = with(dat.bcg, data.frame(ai = tpos, n1i = tpos + tneg, ci = cpos, n2i = cpos + cneg)),
  catheters = with(dat.nielweise2007, data.frame(ai = ai, n1i = n1i, ci = ci, n2i = n2i)),
  diuretics = with(dat.collins1985b, data.frame(ai = pre.xti, n1i = pre.nti, ci = pre.xci, n2i = pre.nci)))
found <- list()
for (name in names(sets)) {
  d <- sets[[name]]
  d <- d[stats::complete.cases(d), ]
  effect <- ifelse(seq_len(nrow(d)) %% 2 == 1, 1 + 14 * 0.03, 1)
  smaller <- d / effect
  whole <- data.frame(ai = round(smaller$ai), n1i = round(smaller$ai) + round(smaller$n1i - smaller$ai),
                      ci = round(smaller$ci), n2i = round(smaller$ci) + round(smaller$n2i - smaller$ci))
  keep <- function(fit) list(estimate = c(fit$beta), se = fit$se)
  fits <- lapply(c(OR = "OR", RR = "RR", RD = "RD"), function(m)
    keep(rma.mh(measure = m, ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = smaller)))
  fits$PETO <- keep(rma.peto(ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = smaller))
  for (m in c("UM.FS", "CM.AL"))
    fits[[m]] <- keep(suppressWarnings(rma.glmm(measure = "OR", model = m, ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = whole)))
  found[[name]] <- list(counts = as.matrix(d), fits = fits)
}
write_json(found, "clusters.json", digits = NA, auto_unbox = TRUE)
