// The report beside a form: which PDF is shown, and the divider between both.

import { mount } from "./reader.js";

export function besides(element) {
  let reader, pdf, pdfs = [];
  const open = (wanted) => {
    if (!wanted || (pdf && wanted.sha256 === pdf.sha256)) return;
    reader?.destroy();
    pdf = wanted;
    reader = mount(element, { url: wanted.url });
  };
  return {
    get pdf() {
      return pdf;
    },
    set pdf(wanted) {
      pdf = wanted;
    },
    selection: () => reader?.selection() ?? null,
    open,
    // The PDFs of the trial; the first is shown.
    has(found) {
      pdfs = found;
      open(pdfs.find((one) => one.sha256 === pdf?.sha256) ?? pdfs[0]);
    },
    of: (source) => pdfs.find((one) => one.sha256 === source.pdf) ?? pdfs[0],
    // Go to the passage of a source; false where it is not found word for word, null without a PDF.
    async show(source) {
      const wanted = this.of(source);
      if (!wanted) return null;
      open(wanted);
      await reader.ready;
      return reader.show(source.pdf_page ?? source.page, source.quote ?? "");
    },
  };
}

export function divider(page, line) {
  const to = (share) => {
    const now = Math.min(75, Math.max(20, share));
    page.style.setProperty("--report", `${now}%`);
    line.setAttribute("aria-valuenow", Math.round(now));
    localStorage.setItem("divider", now);
  };
  line.addEventListener("pointerdown", (event) => {
    line.setPointerCapture(event.pointerId);
    line.onpointermove = (move) => {
      const room = page.getBoundingClientRect();
      to((100 * (move.clientX - room.left)) / room.width);
    };
  });
  line.addEventListener("pointerup", () => (line.onpointermove = null));
  line.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -3, ArrowRight: 3 }[event.key];
    if (!step) return;
    event.preventDefault();
    to(Number(line.getAttribute("aria-valuenow")) + step);
  });
  to(Number(localStorage.getItem("divider")) || 45);
}
