# One invented truth in many ways of reporting: what a report would print, and what follows from it.
#
#   Rscript ways.R
#
# writes ways.csv (the extraction table) and answers.csv (effect yi and variance vi of each way and
# analysis, positive favouring video, or the words by which it must be refused). Answers are those of
# metafor's escalc on the underlying means, SDs and counts, or the closed form named beside them.
#
# The truth: BDI after treatment, lower is better, video n 50, mean 20, SD 8; clinic n 52, mean 23,
# SD 9. That is g 0.349 [-0.04, 0.74] for video. Responders 30 of 50 and 26 of 52. No number is of a
# real trial.

suppressPackageStartupMessages(library(metafor))

n1 <- 50; n2 <- 52; N <- n1 + n2; m1 <- 20; m2 <- 23; s1 <- 8; s2 <- 9
sizes <- 1 / n1 + 1 / n2
pooled <- sqrt(((n1 - 1) * s1^2 + (n2 - 1) * s2^2) / (N - 2))
md <- m1 - m2
se <- pooled * sqrt(sizes)
t <- md / se
df <- N - 2
p <- 2 * pt(-abs(t), df)
J <- function(m) exp(lgamma(m / 2) - log(sqrt(m / 2)) - lgamma((m - 1) / 2))
es <- function(...) { x <- escalc(...); c(-as.numeric(x$yi), x$vi) } # lower is better
truth <- es("SMD", m1i = m1, sd1i = s1, n1i = n1, m2i = m2, sd2i = s2, n2i = n2)
g <- truth[1]
exact <- es("MD", m1i = m1, sd1i = s1, n1i = n1, m2i = m2, sd2i = s2, n2i = n2)
ci <- function(center, se, level = 0.95, df = Inf) center + c(-1, 1) * qt((1 + level) / 2, df) * se

# Of an adjusted model with R squared r2, an analysis by clusters with design effect de:
# Borenstein (2009), table 12.3; White & Thomas (2005); both are 1 in the truth.
model <- function(r2 = 0, de = 1) c(g, de * ((1 - r2) * sizes + g^2 / (2 * N)))
de <- 1 + (11 - 1) * 0.05
r <- 0.7
half <- sqrt(1 - r^2)
# What Works Clearinghouse 5.0: (SE / SD)^2 + g^2 / (2N)
wwc <- function(se, sd = pooled, de = 1) {
  g <- -J(df) * md / sd
  c(g, (se / sd)^2 + de * g^2 / (2 * N))
}

rows <- list(); answers <- list()
columns <- c("study", "randomised", "cluster_size", "icc", "arm", "treatment", "delivery_mode",
             "versus_arm", "versus_treatment", "versus_delivery_mode", "instrument", "n", "versus_n",
             "mean", "sd", "events", "estimate", "se", "variance", "ci_low", "ci_high", "ci_level",
             "median", "q1", "q3", "minimum", "maximum", "baseline_mean", "baseline_sd",
             "mean_change", "sd_change", "correlation", "t", "f", "p", "p_below", "df1", "p_sides",
             "residual_sd", "r_squared", "person_years", "metric", "adjusted", "covariates", "clusters_analysed",
             "favours")
number <- 0
group <- ""
add <- function(cells) rows[[length(rows) + 1]] <<- cells
arm <- function(way, which, ...) {
  own <- if (which == "video") list(arm = "Video", treatment = "CBT",
                                    delivery_mode = "videoconference", n = n1)
         else list(arm = "Clinic", treatment = "CBT", delivery_mode = "face_to_face", n = n2)
  add(modifyList(c(list(study = way, instrument = "bdi"), own), list(...)))
}
# A way: `arms` gives the cells of video and clinic, `contrast` those of video against clinic.
way <- function(label, analysis, answer, arms = NULL, contrast = NULL, both = list()) {
  number <<- number + 1
  study <- sprintf("%03d %s", number, label)
  if (!is.null(arms)) for (i in 1:2)
    do.call(arm, c(list(way = study, which = c("video", "clinic")[i]), modifyList(both, arms[[i]])))
  if (!is.null(contrast))
    do.call(arm, c(list(way = study, which = "video"),
                   modifyList(list(versus_arm = "Clinic", versus_treatment = "CBT",
                                   versus_delivery_mode = "face_to_face", versus_n = n2),
                              modifyList(both, contrast))))
  say(study, analysis, answer)
}
say <- function(study, analysis, answer) {
  refused <- is.character(answer)
  answers[[length(answers) + 1]] <<- data.frame(
    group = group, way = study, analysis = analysis, yi = if (refused) NA else answer[1],
    vi = if (refused) NA else answer[2], refused = if (refused) answer else NA)
}
two <- function(a, b) list(a, b)

# ---- arms -----------------------------------------------------------------------------------
group <- "Means of both arms"
way("mean and SD", "smd", truth, two(list(mean = m1, sd = s1), list(mean = m2, sd = s2)))
say(sprintf("%03d %s", number, "mean and SD"), "md", exact)
e1 <- s1 / sqrt(n1); e2 <- s2 / sqrt(n2)
way("mean and SE", "smd", truth, two(list(mean = m1, se = e1), list(mean = m2, se = e2)))
for (level in c(0.90, 0.95, 0.99)) {
  a <- ci(m1, e1, level, n1 - 1); b <- ci(m2, e2, level, n2 - 1)
  way(sprintf("mean and %g %% CI", 100 * level), "smd", truth,
      two(list(mean = m1, ci_low = a[1], ci_high = a[2], ci_level = level),
          list(mean = m2, ci_low = b[1], ci_high = b[2], ci_level = level)))
}
way("mean alone", "smd", "its mean needs an SD, SE or interval",
    two(list(mean = m1), list(mean = m2)))
# Luo (2018) and Wan (2014); Shi (2020) for the five numbers
luo <- function(n, a, q1, m, q3, b) {
  wide <- 2 * qnorm((n - 0.375) / (n + 0.25)); iqr <- 2 * qnorm((0.75 * n - 0.125) / (n + 0.25))
  if (is.na(a)) { w <- 0.7 + 0.39 / n
    return(c(w * (q1 + q3) / 2 + (1 - w) * m, (q3 - q1) / iqr)) }
  if (is.na(q1)) { w <- 4 / (4 + n^0.75)
    return(c(w * (a + b) / 2 + (1 - w) * m, (b - a) / wide)) }
  w1 <- 2.2 / (2.2 + n^0.75); w2 <- 0.7 - 0.72 / n^0.55; w <- 1 / (1 + 0.07 * n^0.6)
  c(w1 * (a + b) / 2 + w2 * (q1 + q3) / 2 + (1 - w1 - w2) * m,
    w * (b - a) / wide + (1 - w) * (q3 - q1) / iqr)
}
medians <- function(label, x, y) {
  a <- do.call(luo, c(list(n1), as.list(x))); b <- do.call(luo, c(list(n2), as.list(y)))
  cells <- function(v) { v <- setNames(as.list(v), c("minimum", "q1", "median", "q3", "maximum"))
    v[!is.na(v)] }
  way(label, "smd", es("SMD", m1i = a[1], sd1i = a[2], n1i = n1, m2i = b[1], sd2i = b[2], n2i = n2),
      two(cells(x), cells(y)))
}
medians("median and quartiles", c(NA, 14.6, 20, 25.4, NA), c(NA, 16.9, 23, 29.1, NA))
medians("median and range", c(2, NA, 20, NA, 38), c(3, NA, 23, NA, 44))
medians("median, quartiles and range", c(2, 14.6, 20, 25.4, 38), c(3, 16.9, 23, 29.1, 44))
way("median alone", "smd", "needs quartiles (q1, q3) or the range",
    two(list(median = 20), list(median = 23)))
way("scale that runs the other way", "smd", truth,
    two(list(instrument = "wellbeing", mean = 63 - m1, sd = s1),
        list(instrument = "wellbeing", mean = 63 - m2, sd = s2)))

# ---- tests ----------------------------------------------------------------------------------
group <- "Tests of the two arms"
way("t", "smd", truth, contrast = list(t = t))
way("t without its sign, favours", "smd", truth, contrast = list(t = -t, favours = "Video"))
way("F, favours", "smd", truth, contrast = list(f = t^2, favours = "Video"))
way("F with its numerator df", "smd", truth, contrast = list(f = t^2, df1 = 1, favours = "Video"))
way("F of three arms", "smd", "F with 2 numerator degrees of freedom tests more",
    contrast = list(f = t^2, df1 = 2, favours = "Video"))
way("F without direction", "smd", "F has no direction", contrast = list(f = t^2))
way("p, favours", "smd", truth, contrast = list(p = p, favours = "Video"))
way("one-sided p", "smd", truth, contrast = list(p = p / 2, p_sides = 1, favours = "Video"))
way("one-sided p of the other side", "smd", truth,
    contrast = list(p = 1 - p / 2, p_sides = 1, favours = "Video"))
way("p without direction", "smd", "p has no direction", contrast = list(p = p))
tb <- qt(0.95, df)
way("p below 0.10 (taken as 0.10)", "smd",
    es("SMD", di = -tb * sqrt(sizes), n1i = n1, n2i = n2),
    contrast = list(p_below = 0.10, favours = "Video"))
way("eta squared", "smd", truth,
    contrast = list(estimate = t^2 / (t^2 + df), metric = "eta squared", favours = "Video"))
way("partial eta squared", "smd", truth,
    contrast = list(estimate = t^2 / (t^2 + df), metric = "partial eta squared", favours = "Video"))
way("eta squared without direction", "smd", "eta squared has no direction",
    contrast = list(estimate = t^2 / (t^2 + df), metric = "eta squared"))
way("point-biserial r", "smd", truth, contrast = list(estimate = t / sqrt(t^2 + df), metric = "r"))
way("t without sizes", "smd", "n and versus_n", contrast = list(t = t, n = NA, versus_n = NA))

# ---- differences ----------------------------------------------------------------------------
group <- "Difference of means"
difference <- function(label, ..., answer = truth)
  way(label, "smd", answer, contrast = list(estimate = md, metric = "MD", ...))
difference("difference and SE", se = se)
say(sprintf("%03d %s", number, "difference and SE"), "md", c(-md, se^2))
difference("difference and variance", variance = se^2)
for (level in c(0.90, 0.95, 0.99)) {
  x <- ci(md, se, level, df)
  difference(sprintf("difference and %g %% CI", 100 * level), ci_low = x[1], ci_high = x[2],
             ci_level = level)
}
difference("difference and CI of two digits", ci_low = -6.35, ci_high = 0.35,
           answer = { s <- 6.70 / 2 / qt(0.975, df) / sqrt(sizes)
                      es("SMD", di = md / s, n1i = n1, n2i = n2) })
difference("difference and t", t = t)
say(sprintf("%03d %s", number, "difference and t"), "md", c(-md, se^2))
difference("difference and F", f = t^2)
say(sprintf("%03d %s", number, "difference and F"), "md", c(-md, se^2))
difference("difference and p", p = p)
difference("difference and one-sided p", p = p / 2, p_sides = 1)
difference("difference and pooled SD", sd = pooled)
difference("difference alone", answer = "to standardize it")
say(sprintf("%03d %s", number, "difference alone"), "md", "needs its SE")
add(list(study = sprintf("%03d %s", number <- number + 1, "clinic minus video, SE"), arm = "Clinic",
         treatment = "CBT", delivery_mode = "face_to_face", n = n2, versus_arm = "Video",
         versus_treatment = "CBT", versus_delivery_mode = "videoconference", versus_n = n1,
         instrument = "bdi", estimate = -md, metric = "MD", se = se))
say(sprintf("%03d %s", number, "clinic minus video, SE"), "smd", truth)
way("difference of medians", "entry", "no difference of means",
    contrast = list(estimate = md, metric = "median difference", p = p, favours = "Video"))

group <- "Standardized already"
d <- md / pooled
gse <- sqrt(truth[2])
way("Cohen's d", "smd", truth, contrast = list(estimate = d, metric = "Cohen's d"))
way("Hedges' g", "smd", truth, contrast = list(estimate = -g, metric = "Hedges' g"))
way("g and SE", "smd", truth, contrast = list(estimate = -g, se = gse, metric = "g"))
way("g and 95 % CI", "smd", truth,
    contrast = list(estimate = -g, ci_low = ci(-g, gse)[1], ci_high = ci(-g, gse)[2], metric = "SMD"))
way("g and 90 % CI", "smd", truth,
    contrast = list(estimate = -g, ci_low = ci(-g, gse, .9)[1], ci_high = ci(-g, gse, .9)[2],
                    ci_level = 0.9, metric = "SMD"))
way("Glass's delta", "entry", "one arm's SD", contrast = list(estimate = md / s2, metric = "Glass's delta"))
way("estimate without metric", "smd", "does not say what it is of", contrast = list(estimate = d))
way("odds ratio for a standardized difference", "smd", "is of events and no difference of means",
    contrast = list(estimate = 0.53, ci_low = 0.26, ci_high = 1.08, metric = "OR"))

# ---- adjusted -------------------------------------------------------------------------------
group <- "Adjusted for covariates (r 0.7 of outcome and baseline)"
adjusted <- function(label, answer, ..., covariates = "baseline")
  way(label, "smd", answer, contrast = list(adjusted = "yes", covariates = covariates, ...))
ase <- se * half
sd_or_r <- "holds the SD left after adjustment"
adjusted("adjusted difference, SE, nothing else", sd_or_r, estimate = md, metric = "MD", se = ase)
say(sprintf("%03d %s", number, "adjusted difference, SE, nothing else"), "md", c(-md, ase^2))
adjusted("adjusted difference, SE, r", model(r^2), estimate = md, metric = "MD", se = ase,
         correlation = r)
adjusted("adjusted difference, SE, R²", model(r^2), estimate = md, metric = "MD", se = ase,
         r_squared = r^2, covariates = "baseline, site, age")
adjusted("adjusted difference, SE, SD of scores", wwc(ase), estimate = md, metric = "MD", se = ase,
         sd = pooled)
number <- number + 1
study <- sprintf("%03d %s", number, "adjusted difference, SE, the arms' SDs")
arm(study, "video", sd = s1); arm(study, "clinic", sd = s2)
arm(study, "video", versus_arm = "Clinic", versus_n = n2, estimate = md, metric = "MD", se = ase,
    adjusted = "yes", covariates = "baseline")
say(study, "smd", wwc(ase))
x <- ci(md, ase, 0.95, df)
adjusted("adjusted difference, CI, r", model(r^2), estimate = md, metric = "MD", ci_low = x[1],
         ci_high = x[2], correlation = r)
adjusted("adjusted difference, CI, SD of scores", wwc(ase), estimate = md, metric = "MD",
         ci_low = x[1], ci_high = x[2], sd = pooled)
at <- md / ase
ap <- 2 * pt(-abs(at), df)
adjusted("adjusted difference, t, r", model(r^2), estimate = md, metric = "MD", t = at, correlation = r)
adjusted("adjusted difference, p, r", model(r^2), estimate = md, metric = "MD", p = ap, correlation = r)
adjusted("ANCOVA t, r", model(r^2), t = at, correlation = r)
adjusted("ANCOVA F, r", model(r^2), f = at^2, correlation = r, favours = "Video")
adjusted("ANCOVA p, r", model(r^2), p = ap, correlation = r, favours = "Video")
adjusted("ANCOVA partial eta squared, r", model(r^2), estimate = at^2 / (at^2 + df),
         metric = "partial eta squared", correlation = r, favours = "Video")
adjusted("ANCOVA t, nothing else", sd_or_r, t = at)
adjusted("ANCOVA F, nothing else", sd_or_r, f = at^2, favours = "Video")
adjusted("ANCOVA p, nothing else", sd_or_r, p = ap, favours = "Video")
adjusted("ANCOVA t, SD of scores but no difference", sd_or_r, t = at, sd = pooled)
adjusted("ANCOVA eta squared of all variance", "share of all variance", estimate = 0.04,
         metric = "eta squared", correlation = r, favours = "Video")
adjusted("adjusted difference, residual SD, R²", model(r^2), estimate = md, metric = "MD",
         residual_sd = pooled * half, r_squared = r^2)
adjusted("adjusted difference, residual SD alone", sd_or_r, estimate = md, metric = "MD",
         residual_sd = pooled * half)
adjusted("adjusted difference, SD of scores, no SE", truth, estimate = md, metric = "MD", sd = pooled)
adjusted("adjusted d, R²", model(r^2), estimate = d, metric = "d", r_squared = r^2)
adjusted("adjusted d, R² not known", truth, estimate = d, metric = "d")
adjusted("adjusted d and SE", c(g, (J(df) * 0.15)^2), estimate = d, metric = "d", se = 0.15)
adjusted("adjusted g and SE", c(g, 0.15^2), estimate = -g, metric = "g", se = 0.15)
way("covariates named, adjusted left empty", "smd", sd_or_r,
    contrast = list(estimate = md, metric = "MD", se = ase, covariates = "baseline"))
lsm <- function(label, answer, a, b)
  way(label, "smd", answer, two(a, b), both = list(adjusted = "yes", covariates = "baseline"))
lsm("adjusted means, SE each, r", { x <- es("SMD", m1i = m1, sd1i = s1, n1i = n1, m2i = m2, sd2i = s2,
                                            n2i = n2); c(x[1], x[2] - r^2 * sizes) },
    list(mean = m1, se = e1 * half, correlation = r), list(mean = m2, se = e2 * half, correlation = r))
lsm("adjusted means, SE each, nothing else", "its mean is adjusted for covariates",
    list(mean = m1, se = e1 * half), list(mean = m2, se = e2 * half))
lsm("adjusted means, SDs of scores", truth, list(mean = m1, sd = s1), list(mean = m2, sd = s2))
lsm("adjusted means, residual SD, R²", { x <- es("SMD", m1i = m1, sd1i = pooled, n1i = n1, m2i = m2,
                                                sd2i = pooled, n2i = n2); c(x[1], x[2] - r^2 * sizes) },
    list(mean = m1, residual_sd = pooled * half, r_squared = r^2),
    list(mean = m2, residual_sd = pooled * half, r_squared = r^2))

# ---- clusters -------------------------------------------------------------------------------
group <- "Randomised by clusters (of 11, ICC 0.05)"
clusters <- function(label, answer, ..., icc = 0.05, analysed = "yes", analysis = "smd")
  way(label, analysis, answer, both = list(randomised = "cluster", cluster_size = 11, icc = icc,
                                           clusters_analysed = analysed), ...)
raw <- two(list(mean = m1, sd = s1), list(mean = m2, sd = s2))
inflated <- c(g, de * truth[2])
cse <- se * sqrt(de)
clusters("means and SDs", inflated, raw, analysed = "no")
clusters("means and SDs beside an analysis by clusters", inflated, raw)
clusters("means and SDs, no ICC", "icc", raw, icc = NA, analysed = "no")
clusters("difference, SE as if independent", inflated, analysed = "no",
         contrast = list(estimate = md, metric = "MD", se = se))
clusters("difference, SE of an analysis by clusters", model(0, de),
         contrast = list(estimate = md, metric = "MD", se = cse))
say(sprintf("%03d %s", number, "difference, SE of an analysis by clusters"), "md", c(-md, cse^2))
x <- ci(md, cse, 0.95, df)
clusters("difference, CI of an analysis by clusters", model(0, de),
         contrast = list(estimate = md, metric = "MD", ci_low = x[1], ci_high = x[2]))
clusters("t of an analysis by clusters", model(0, de), contrast = list(t = md / cse))
clusters("p of an analysis by clusters", model(0, de),
         contrast = list(p = 2 * pt(-abs(md / cse), df), favours = "Video"))
clusters("difference by clusters, no ICC", "holds the design effect: enter the icc", icc = NA,
         contrast = list(estimate = md, metric = "MD", se = cse))
clusters("difference by clusters, no ICC, SD of scores", wwc(cse), icc = NA,
         contrast = list(estimate = md, metric = "MD", se = cse, sd = pooled))
clusters("means with SEs of an analysis by clusters", inflated,
         two(list(mean = m1, se = e1 * sqrt(de)), list(mean = m2, se = e2 * sqrt(de))))
clusters("d of an analysis by clusters", model(0, de), contrast = list(estimate = d, metric = "d"))
clusters("adjusted difference by clusters, SE, r", model(r^2, de),
         contrast = list(estimate = md, metric = "MD", se = cse * half, adjusted = "yes",
                         covariates = "baseline", correlation = r))
clusters("adjusted difference by clusters, SE, nothing else", "SD left after adjustment", icc = NA,
         contrast = list(estimate = md, metric = "MD", se = cse * half, adjusted = "yes",
                         covariates = "baseline"))

# ---- change ---------------------------------------------------------------------------------
group <- "Change from baseline"
c1 <- 7; c2 <- 7.5
changed <- es("SMD", m1i = -8, sd1i = c1, n1i = n1, m2i = -5, sd2i = c2, n2i = n2)
change <- function(label, answer, a, b, analysis = "smd-change") way(label, analysis, answer, two(a, b))
change("mean change and its SD", changed, list(mean_change = -8, sd_change = c1),
       list(mean_change = -5, sd_change = c2))
change("mean change and its SE", changed, list(mean_change = -8, se = c1 / sqrt(n1)),
       list(mean_change = -5, se = c2 / sqrt(n2)))
a <- ci(-8, c1 / sqrt(n1), 0.95, n1 - 1); b <- ci(-5, c2 / sqrt(n2), 0.95, n2 - 1)
change("mean change and its CI", changed, list(mean_change = -8, ci_low = a[1], ci_high = a[2]),
       list(mean_change = -5, ci_low = b[1], ci_high = b[2]))
both <- function(b, a, r) sqrt(b^2 + a^2 - 2 * r * b * a) # Cochrane Handbook 6.5.2.8
change("both occasions and their r",
       es("SMD", m1i = -8, sd1i = both(8, 8, .6), n1i = n1, m2i = -5, sd2i = both(9, 9, .6), n2i = n2),
       list(mean = m1, sd = s1, baseline_mean = 28, baseline_sd = 8, correlation = 0.6),
       list(mean = m2, sd = s2, baseline_mean = 28, baseline_sd = 9, correlation = 0.6))
change("both occasions without r", "the correlation of both occasions",
       list(mean = m1, sd = s1, baseline_mean = 28, baseline_sd = 8),
       list(mean = m2, sd = s2, baseline_mean = 28, baseline_sd = 9))
change("mean change where the plan pools scores", "change from baseline only",
       list(mean_change = -8, sd_change = c1), list(mean_change = -5, sd_change = c2), "smd")
change("change, SD at baseline only", "needs sd_change", list(mean_change = -8, baseline_sd = 8),
       list(mean_change = -5, baseline_sd = 9))
cse2 <- pooled * sqrt(2 * (1 - 0.6)) * sqrt(sizes)
of_change <- function(label, answer, ..., analysis = "smd")
  way(label, analysis, answer, contrast = list(estimate = md, metric = "MD of change", ...))
of_change("difference of change, SE", es("SMD", di = md / (cse2 / sqrt(sizes)), n1i = n1, n2i = n2),
          se = cse2, analysis = "smd-change")
of_change("difference of change, SE, for scores", "its SD is of change, not of scores", se = cse2)
of_change("difference of change, SE, r of occasions", truth, se = cse2, correlation = 0.6)
of_change("difference of change, SD of scores", truth, se = cse2, sd = pooled)
of_change("difference of change adjusted for baseline, r", model(r^2), se = ase, correlation = r,
          adjusted = "yes", covariates = "baseline")

way("t of change, r of occasions", "smd", truth,
    contrast = list(t = md / cse2, metric = "MD of change", correlation = 0.6))
way("t of change, for scores", "smd", "its test is of change, not of scores",
    contrast = list(t = md / cse2, metric = "MD of change"))
way("F of change (group by time), r of occasions", "smd", truth,
    contrast = list(f = (md / cse2)^2, metric = "MD of change", correlation = 0.6, favours = "Video"))

# ---- crossover ------------------------------------------------------------------------------
group <- "Crossover trials (correlation of the periods 0.5)"
cross <- function(label, answer, ..., analysis = "smd")
  way(label, analysis, answer, both = list(randomised = "crossover", n = 50), ...)
x <- es("SMD", m1i = m1, sd1i = s1, n1i = 50, m2i = m2, sd2i = s2, n2i = 50)
cross("means of both periods, no correlation", x, raw)
# Elbourne et al. (2002)
cross("means of both periods, correlation", c(x[1], (1 / 50 + x[1]^2 / 100) * 2 * 0.5),
      two(list(mean = m1, sd = s1, correlation = 0.5), list(mean = m2, sd = s2, correlation = 0.5)))
s <- 8.5
pse <- s * sqrt(2 * 0.5) / sqrt(50)
pg <- -J(98) * md / s
paired <- c(pg, (1 / 50 + pg^2 / 100) * 2 * 0.5)
cross("paired t, correlation", paired, contrast = list(t = md / pse, correlation = 0.5, versus_n = 50))
cross("paired t, no correlation", "holds their correlation",
      contrast = list(t = md / pse, versus_n = 50))
cross("paired p, correlation",
      { x <- qt(1 - 0.03 / 2, 49) * sqrt(2 * 0.5 / 50); y <- J(98) * x
        c(y, (1 / 50 + y^2 / 100) * 2 * 0.5) },
      contrast = list(p = 0.03, correlation = 0.5, favours = "Video", versus_n = 50))
cross("difference within persons, SE, correlation", paired,
      contrast = list(estimate = md, metric = "MD", se = pse, correlation = 0.5, versus_n = 50))
x <- ci(md, pse, 0.95, 49)
cross("difference within persons, CI, correlation", paired,
      contrast = list(estimate = md, metric = "MD", ci_low = x[1], ci_high = x[2], correlation = 0.5,
                      versus_n = 50))
cross("difference within persons, p, correlation", paired,
      contrast = list(estimate = md, metric = "MD", p = 2 * pt(-abs(md / pse), 49), correlation = 0.5,
                      versus_n = 50))
cross("difference within persons, SE, SD of scores", paired,
      contrast = list(estimate = md, metric = "MD", se = pse, sd = s, versus_n = 50))
cross("difference within persons, SE, nothing else", "holds their correlation",
      contrast = list(estimate = md, metric = "MD", se = pse, versus_n = 50))
say(sprintf("%03d %s", number, "difference within persons, SE, nothing else"), "md", c(-md, pse^2))

# ---- three arms -----------------------------------------------------------------------------
group <- "Three arms"
number <- number + 1
study <- sprintf("%03d %s", number, "two video arms and one clinic arm")
# 25 + 25 persons whose scores together have mean 20 and SD 8
within <- sqrt((49 * 64 - 25 * 1 - 25 * 1) / 48)
arm(study, "video", arm = "Video short", n = 25, mean = 19, sd = within)
arm(study, "video", arm = "Video long", n = 25, mean = 21, sd = within)
arm(study, "clinic", mean = m2, sd = s2)
say(study, "smd", truth)
each <- rbind(es("SMD", m1i = 19, sd1i = within, n1i = 25, m2i = m2, sd2i = s2, n2i = 26),
              es("SMD", m1i = 21, sd1i = within, n1i = 25, m2i = m2, sd2i = s2, n2i = 26))
fixed <- rma(each[, 1], each[, 2], method = "EE")
say(study, "smd-split", c(fixed$beta[1], fixed$se^2))

# ---- events ---------------------------------------------------------------------------------
group <- "Events (responders 30 of 50, 26 of 52)"
of <- function(measure) { x <- escalc(measure, ai = 30, n1i = 50, ci = 26, n2i = 52)
  c(as.numeric(x$yi), x$vi) }
events <- function(label, answers, ..., arms = NULL, contrast = NULL) {
  for (analysis in names(answers)) if (analysis == names(answers)[1])
    way(label, analysis, answers[[1]], arms = arms, contrast = contrast,
        both = list(instrument = "responders"))
  else say(sprintf("%03d %s", number, label), analysis, answers[[analysis]])
}
events("events and n", list(rr = of("RR"), or = of("OR"), rd = of("RD")),
       arms = two(list(events = 30), list(events = 26)))
for (measure in c("RR", "OR")) {
  y <- of(measure)
  for (level in c(0.90, 0.95, 0.99)) {
    x <- exp(ci(y[1], sqrt(y[2]), level))
    events(sprintf("%s and %g %% CI", measure, 100 * level), setNames(list(y), tolower(measure)),
           contrast = list(estimate = exp(y[1]), ci_low = x[1], ci_high = x[2], ci_level = level,
                           metric = measure))
  }
  events(paste(measure, "and p"), setNames(list(y), tolower(measure)),
         contrast = list(estimate = exp(y[1]), p = 2 * pnorm(-abs(y[1] / sqrt(y[2]))), metric = measure))
  events(paste(measure, "and one-sided p"), setNames(list(y), tolower(measure)),
         contrast = list(estimate = exp(y[1]), p = pnorm(-abs(y[1] / sqrt(y[2]))), p_sides = 1,
                         metric = measure))
  events(paste("log", measure, "and SE"), setNames(list(y), tolower(measure)),
         contrast = list(estimate = y[1], se = sqrt(y[2]), metric = paste("log", measure)))
}
events("OR and SE of either scale", list(or = "needs its interval or p"),
       contrast = list(estimate = exp(of("OR")[1]), se = sqrt(of("OR")[2]), metric = "OR"))
events("OR where RR is planned", list(rr = "gives no RR"),
       contrast = list(estimate = exp(of("OR")[1]), p = 0.31, metric = "OR"))
y <- of("RD")
for (level in c(0.90, 0.95))
  events(sprintf("RD and %g %% CI", 100 * level), list(rd = y),
         contrast = list(estimate = y[1], ci_low = ci(y[1], sqrt(y[2]), level)[1],
                         ci_high = ci(y[1], sqrt(y[2]), level)[2], ci_level = level, metric = "RD"))

# ---- rates ----------------------------------------------------------------------------------
group <- "Events in person-time (9 relapses in 41.5 years, 14 in 42; differences per 100 years)"
rate <- function(measure, x1 = 9, t1 = 41.5, x2 = 14, t2 = 42) {
  x <- escalc(measure, x1i = x1, t1i = t1 / 100, x2i = x2, t2i = t2 / 100)
  c(-as.numeric(x$yi), x$vi) # fewer are better
}
relapses <- function(label, answers, ..., more = list()) for (analysis in names(answers)) {
  if (analysis == names(answers)[1])
    way(label, analysis, answers[[1]], ..., both = modifyList(list(instrument = "relapses"), more))
  else say(sprintf("%03d %s", number, label), analysis, answers[[analysis]])
}
counts <- two(list(events = 9, person_years = 41.5), list(events = 14, person_years = 42))
relapses("events and person-years", list(irr = rate("IRR"), ird = rate("IRD"), irsd = rate("IRSD")), counts)
relapses("an arm without events",
         list(irr = rate("IRR", x1 = 0), ird = rate("IRD", x1 = 0), irsd = rate("IRSD", x1 = 0)),
         two(list(events = 0, person_years = 41.5), list(events = 14, person_years = 42)))
relapses("events alone", list(irr = "needs person_years"), two(list(events = 9), list(events = 14)))
relapses("events of clusters", list(irr = rate("IRR") * c(1, de)), counts,
         more = list(randomised = "cluster", cluster_size = 11, icc = 0.05))
y <- rate("IRR") * c(-1, 1)
for (level in c(0.90, 0.95, 0.99)) {
  x <- exp(ci(y[1], sqrt(y[2]), level))
  relapses(sprintf("IRR and %g %% CI", 100 * level), list(irr = rate("IRR")),
           contrast = list(estimate = exp(y[1]), ci_low = x[1], ci_high = x[2], ci_level = level,
                           metric = "IRR"))
}
relapses("rate ratio and p", list(irr = rate("IRR")),
         contrast = list(estimate = exp(y[1]), p = 2 * pnorm(-abs(y[1] / sqrt(y[2]))), metric = "rate ratio"))
relapses("rate ratio and one-sided p", list(irr = rate("IRR")),
         contrast = list(estimate = exp(y[1]), p = pnorm(-abs(y[1] / sqrt(y[2]))), p_sides = 1,
                         metric = "rate ratio"))
relapses("log IRR and SE", list(irr = rate("IRR")),
         contrast = list(estimate = y[1], se = sqrt(y[2]), metric = "log IRR"))
relapses("IRR and SE of either scale", list(irr = "needs its interval or p"),
         contrast = list(estimate = exp(y[1]), se = sqrt(y[2]), metric = "IRR"))
relapses("IRR where IRD is planned", list(ird = "gives no IRD"),
         contrast = list(estimate = exp(y[1]), p = 0.31, metric = "IRR"))

# ---- change within an arm -------------------------------------------------------------------
group <- "Change within one arm (video before: mean 28, SD 7; correlation 0.5)"
b <- 28; sb <- 7; rb <- 0.5; sc <- sqrt(sb^2 + s1^2 - 2 * rb * sb * s1)
change1 <- function(measure) es(measure, m1i = m1, m2i = b, sd1i = sb, sd2i = s1, ri = rb, ni = n1)
within <- function(label, answers, ...) {
  number <<- number + 1
  study <- sprintf("%03d %s", number, label)
  arm(study, "video", ...)
  for (analysis in names(answers)) say(study, analysis, answers[[analysis]])
}
every <- list(smcr = change1("SMCR"), smcc = change1("SMCC"), mc = change1("MC"))
within("both occasions and r", every, mean = m1, sd = s1, baseline_mean = b, baseline_sd = sb,
       correlation = rb)
within("both occasions and SD of change", every, mean = m1, sd = s1, baseline_mean = b,
       baseline_sd = sb, mean_change = m1 - b, sd_change = sc)
within("change, its SD, SDs of scores", every, sd = s1, baseline_sd = sb, mean_change = m1 - b,
       sd_change = sc)
within("change and its SD", list(smcc = every$smcc, mc = every$mc, smcr = "it needs baseline_sd"),
       mean_change = m1 - b, sd_change = sc)
within("change and its SE", list(smcc = every$smcc, mc = every$mc), mean_change = m1 - b,
       se = sc / sqrt(n1))
x <- ci(m1 - b, sc / sqrt(n1), 0.95, n1 - 1)
within("change and its CI", list(smcc = every$smcc, mc = every$mc), mean_change = m1 - b,
       ci_low = x[1], ci_high = x[2])
within("both occasions without r", list(smcr = "assumes one", smcc = "which the plan may assume"),
       mean = m1, sd = s1, baseline_mean = b, baseline_sd = sb)
within("mean after alone", list(smcr = "it needs mean_change, or baseline_mean"), mean = m1, sd = s1)

# ---- files ----------------------------------------------------------------------------------
cell <- function(x) if (is.null(x) || is.na(x)) "" else if (is.numeric(x)) sprintf("%.15g", x) else x
table <- as.data.frame(t(sapply(rows, function(row) sapply(columns, function(name) cell(row[[name]])))))
write.csv(table, "ways.csv", row.names = FALSE, quote = TRUE, fileEncoding = "UTF-8")
out <- do.call(rbind, answers)
out$yi <- ifelse(is.na(out$yi), "", sprintf("%.12g", out$yi))
out$vi <- ifelse(is.na(out$vi), "", sprintf("%.12g", out$vi))
write.csv(out, "answers.csv", row.names = FALSE, na = "", fileEncoding = "UTF-8")
cat(length(unique(out$way)), "ways,", sum(out$refused == "" | is.na(out$refused)), "effects,",
    sum(!is.na(out$refused) & out$refused != ""), "refusals\n")
