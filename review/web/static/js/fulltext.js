// The report of the page, read beside the decision.
import { mount } from "./reader.js";

const element = document.getElementById("reader");
mount(element, { url: element.dataset.pdf });
