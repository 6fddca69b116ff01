# Effects that metafor computes from constructed data; writes expected.json beside this script.
#   Rscript generate.R        (needs r-cran-metafor 3.8-1 or later, r-cran-jsonlite)
# Left out are measures whose formula changed after 3.8-1 (SMDH, SMD1H, SMCRH, ROM, ROMC, CVR,
# PCOR, ZPCOR): tests/reference and the published values in test_escalc.py cover those.
suppressMessages({library(metafor); library(jsonlite)})

two_groups <- data.frame(
  m1i=c(12.1, 8.4, 30.2, 15.0, 101.5), sd1i=c(4.2, 2.9, 9.9, 3.3, 22.1), n1i=c(24, 61, 8, 15, 140),
  m2i=c(10.0, 9.1, 22.7, 15.0, 93.2), sd2i=c(3.7, 3.3, 11.2, 4.8, 19.4), n2i=c(26, 55, 9, 12, 133))
paired <- data.frame(
  m1i=c(18.2, 25.1, 7.7, 41.0), m2i=c(14.9, 26.0, 5.1, 33.3), sd1i=c(5.5, 6.1, 2.2, 9.8),
  sd2i=c(4.9, 7.0, 2.9, 8.1), ni=c(22, 47, 9, 130), ri=c(.45, .71, -.1, .6))
tables <- data.frame(
  ai=c(4, 0, 12, 0, 30, 9), bi=c(26, 20, 50, 18, 0, 41), ci=c(9, 3, 15, 0, 22, 0), di=c(22, 17, 47, 21, 7, 50))
rates <- data.frame(x1i=c(7, 0, 31, 0, 2), t1i=c(120.5, 88, 1001, 40.2, 15),
                    x2i=c(12, 4, 40, 0, 0), t2i=c(118, 90.5, 870, 44, 16.5))
one_rate <- data.frame(xi=c(7, 0, 31, 2), ti=c(120.5, 88, 1001, 15))
correlations <- data.frame(ri=c(.31, -.62, 0, .95, .12), ni=c(40, 18, 75, 11, 5000))
tests <- data.frame(ti=c(2.31, -4.1, 0.4), pi=c(.026, -.0004, .69), ni=c(50, 31, 112), n1i=c(25, 14, 60), n2i=c(25, 17, 52))
regressions <- data.frame(ti=c(3.9, -1.2, 2.8), ni=c(120, 64, 310), mi=c(4, 6, 11), r2i=c(.31, .22, .4))
proportions <- data.frame(xi=c(3, 0, 44, 60, 17), ni=c(20, 25, 90, 60, 200))
means <- data.frame(mi=c(12.2, 33.0, 5.1), sdi=c(3.3, 10.1, 2.2), ni=c(40, 12, 250))

cases <- list()
case <- function(measure, data, ..., columns=names(data)) {
  args <- c(list(measure=measure), as.list(data[columns]), list(...))
  e <- suppressWarnings(do.call(escalc, args))
  nulls <- function(x) ifelse(is.finite(x), x, NA)
  cases[[length(cases)+1]] <<- list(measure=measure, columns=as.list(data[columns]), options=list(...),
    yi=nulls(as.numeric(e$yi)), vi=nulls(as.numeric(e$vi)))
}
for (v in c("LS", "HO")) case("MD", two_groups, vtype=v)
for (v in c("LS", "LS2", "UB", "AV")) case("SMD", two_groups, vtype=v)
for (v in c("LS", "LS2", "UB", "AV")) case("SMD1", two_groups, vtype=v, columns=c("m1i", "m2i", "sd2i", "n1i", "n2i"))
case("SMD", tests, columns=c("ti", "n1i", "n2i"))
case("VR", two_groups, columns=c("sd1i", "n1i", "sd2i", "n2i"))
case("MC", paired)
case("SMCC", paired)
case("SMCR", paired)
for (m in c("RR", "OR", "RD", "AS", "PETO", "OR2D", "OR2DN")) {
  case(m, tables)
  for (to in c("all", "only0", "if0all", "none")) case(m, tables, add=.25, to=to)
  case(m, tables, add=.5, to="only0", drop00=TRUE)
}
for (m in c("IRR", "IRD", "IRSD")) {
  case(m, rates)
  for (to in c("all", "only0", "if0all", "none")) case(m, rates, add=.25, to=to)
  case(m, rates, add=.5, to="only0", drop00=TRUE)
}
for (v in c("LS", "AV")) case("COR", correlations, vtype=v)
for (v in c("LS", "UB", "AV")) case("UCOR", correlations, vtype=v)
case("ZCOR", correlations)
case("SPCOR", regressions)
for (m in c("PR", "PLN", "PLO", "PAS", "PFT")) {
  case(m, proportions)
  for (to in c("all", "only0", "if0all", "none")) case(m, proportions, add=.25, to=to)
}
for (m in c("MN", "MNLN")) case(m, means)
for (m in c("IR", "IRLN", "IRS", "IRFT")) {
  case(m, one_rate)
  for (to in c("all", "only0", "if0all", "none")) case(m, one_rate, add=.25, to=to)
}

write_json(list(computed_with=paste0("R ", getRversion(), ", metafor ", packageVersion("metafor")), cases=cases),
  "expected.json", digits=NA, auto_unbox=TRUE, na="null", null="null", pretty=FALSE)
cat(length(cases), "cases\n")
