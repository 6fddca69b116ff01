# Random effects and errors that go together, by metafor 3.8: Rscript generate.R, here
#
# Data: package metadat (konstantopoulos2011, ishak2007, assink2016, knapp2017, crede2010, bornmann2007; and in
# ../outcomes hasselblad1998, pagliaro1992, dagostino1998, fine1993).
suppressMessages({library(metafor); library(metadat); library(jsonlite)})
out <- list()
best <- function(...) {
  given <- match.call(expand.dots = FALSE)$...
  here <- parent.frame()
  searches <- list(list(optimizer = "nlminb", rel.tol = 1e-12, x.tol = 1e-9, iter.max = 2000, eval.max = 4000),
                   list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-15, maxit = 5000))
  fits <- lapply(searches, function(control)
    tryCatch(suppressWarnings(eval(as.call(c(quote(rma.mv), given, list(control = control))), here)),
             error = function(e) { message(conditionMessage(e)); NULL }))
  fits <- Filter(Negate(is.null), fits)
  fits[[which.max(sapply(fits, function(f) c(logLik(f))))]]
}
keep <- function(name, d) write.csv(d, paste0(name, ".csv"), row.names = FALSE, quote = FALSE)
add <- function(data, options, r, cluster = NULL) {
  case <- list(data = data, options = options, beta = c(r$beta), se = r$se, sigma2 = r$sigma2, loglik = c(logLik(r)), QE = r$QE)
  if (ncol(r$X) == 1) {
    p <- predict(r)
    case$pi <- c(p$pi.lb, p$pi.ub)
    case$weights <- c(weights(r, type = "rowsum"))
  }
  if (!is.null(cluster)) {
    rob <- robust(r, cluster = cluster, clubSandwich = TRUE)
    case$robust <- list(se = rob$se, df = c(rob$dfs))
  }
  out[[length(out) + 1]] <<- case
}

d <- dat.konstantopoulos2011
d <- data.frame(district = d$district, school = d$school, year = d$year, yi = d$yi, vi = d$vi)
keep("schools", d)
add("schools", c("--random", "district/school"), best(yi, vi, random = ~ 1 | district/school, data = d), d$district)
add("schools", c("--random", "district + year"), best(yi, vi, random = list(~ 1 | district, ~ 1 | year), data = d))
add("schools", c("--random", "district/school", "--random", "year"),
    best(yi, vi, random = list(~ 1 | district/school, ~ 1 | year), data = d))
add("schools", c("--random", "district/school", "--mods", "year"),
    best(yi, vi, mods = ~ year, random = ~ 1 | district/school, data = d), d$district)

d <- reshape(dat.ishak2007, direction = "long", idvar = "study", v.names = c("yi", "vi"),
             varying = list(c(2, 4, 6, 8), c(3, 5, 7, 9)))
d <- d[order(d$study, d$time), ]
d <- d[!is.na(d$yi), ]
d <- data.frame(study = gsub(",", "", as.character(d$study)), time = d$time, yi = d$yi, vi = d$vi)
d$row <- seq_len(nrow(d))
V <- vcalc(vi, cluster = study, time1 = time, phi = 0.8, data = d)
add("stimulation", c("--cluster", "study", "--time", "time", "--phi", "0.8"),
    best(yi, V, random = ~ 1 | study/row, data = d), d$study)
add("stimulation", c("--cluster", "study", "--time", "time", "--phi", "0.8", "--random", "study + time"),
    best(yi, V, random = list(~ 1 | study, ~ 1 | time), data = d))
d$row <- NULL
keep("stimulation", d)

d <- dat.assink2016
d <- data.frame(study = d$study, esid = d$esid, yi = d$yi, vi = d$vi)
keep("delinquency", d)
d$row <- seq_len(nrow(d))
V <- vcalc(vi, cluster = study, obs = esid, rho = 0.6, data = d)
add("delinquency", c("--cluster", "study", "--rho", "0.6", "--random", "study/row"),
    best(yi, V, random = ~ 1 | study/esid, data = d), d$study)
write.csv(round(as.matrix(V), 12), "delinquency_covariances.csv", row.names = FALSE)
add("delinquency", c("--covariances", "delinquency_covariances.csv", "--random", "study/esid"),
    best(yi, V, random = ~ 1 | study/esid, data = d), d$study)

d <- dat.knapp2017
d <- data.frame(study = gsub(",", "", as.character(d$study)), task = as.character(d$task), group1 = as.character(d$group1),
                group2 = as.character(d$group2), n1 = d$n_sz, n2 = d$n_hc, yi = d$yi, vi = d$vi, difficulty = d$difficulty)
keep("planning", d)
d$row <- seq_len(nrow(d))
V <- vcalc(vi, cluster = study, obs = row, rho = 0.4, grp1 = group1, grp2 = group2, w1 = n1, w2 = n2, data = d)
add("planning", c("--cluster", "study", "--rho", "0.4", "--group1", "group1", "--group2", "group2", "--size1", "n1", "--size2", "n2"),
    best(yi, V, random = ~ 1 | study/row, data = d), d$study)

## groups, times, nested and crossed terms on more data sets
from <- function(name) read.csv(paste0("../outcomes/", name, ".csv"), colClasses = c(study = "character"))
for (name in c("smoking", "bleeding")) {
  d <- from(name)
  d$row <- seq_len(nrow(d))
  groups <- c("--cluster", "study", "--group1", "arm", "--group2", "versus", "--size1", "n1", "--size2", "n2")
  V <- vcalc(vi, cluster = study, grp1 = arm, grp2 = versus, w1 = n1, w2 = n2, data = d)
  add(paste0("../outcomes/", name), groups, best(yi, V, random = ~ 1 | study/row, data = d), d$study)
  add(paste0("../outcomes/", name), c(groups, "--random", "study + outcome"),
      best(yi, V, random = list(~ 1 | study, ~ 1 | outcome), data = d))
}
d <- from("colds")
d$row <- seq_len(nrow(d))
V <- vcalc(vi, cluster = study, obs = row, rho = 0.5, time1 = day, phi = 0.7, data = d)
add("../outcomes/colds", c("--cluster", "study", "--rho", "0.5", "--time", "day", "--phi", "0.7", "--random", "study/outcome"),
    best(yi, V, random = ~ 1 | study/outcome, data = d), d$study)
d <- from("radiotherapy")
V <- vcalc(vi, cluster = study, time1 = outcome, phi = 0.5, data = d)
add("../outcomes/radiotherapy", c("--cluster", "study", "--time", "outcome", "--phi", "0.5", "--random", "study + outcome"),
    best(yi, V, random = list(~ 1 | study, ~ 1 | outcome), data = d))
d <- escalc(measure = "ZCOR", ri = ri, ni = ni, data = subset(dat.crede2010, criterion == "grade"))
d <- data.frame(study = paste0("s", d$studyid), sample = d$sampleid, year = d$year, yi = c(d$yi), vi = c(d$vi))
keep("attendance", d)
add("attendance", c("--random", "study/sample"), best(yi, vi, random = ~ 1 | study/sample, data = d), d$study)
add("attendance", c("--random", "study/sample", "--random", "year"),
    best(yi, vi, random = list(~ 1 | study/sample, ~ 1 | year), data = d))
d <- escalc(measure = "OR", ai = waward, n1i = wtotal, ci = maward, n2i = mtotal, data = dat.bornmann2007)
d <- data.frame(study = gsub("[,()]", "", as.character(d$study)), country = as.character(d$country), type = as.character(d$type),
                yi = c(d$yi), vi = c(d$vi))
keep("grants", d)
d$row <- seq_len(nrow(d))
add("grants", c("--random", "study/row", "--random", "country"),
    best(yi, vi, random = list(~ 1 | study/row, ~ 1 | country), data = d))
add("grants", c("--random", "study/row", "--mods", "type"),
    best(yi, vi, mods = ~ type, random = ~ 1 | study/row, data = d), d$study)
write_json(out, "expected.json", digits = NA, auto_unbox = TRUE)
