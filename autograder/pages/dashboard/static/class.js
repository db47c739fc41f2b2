// Sort a table by any of its columns, and find rows by their words. Without this script the tables are whole.
"use strict";

const words = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function key(row, place, isNumber) {
  const cell = row.cells[place];
  if (!isNumber) return cell.textContent.trim();
  return cell.dataset.value === undefined ? null : Number(cell.dataset.value);
}

// What has no number stands at the end in both directions.
function compare(one, other, sign) {
  if (one === null || other === null) return (one === null) - (other === null);
  return sign * (typeof one === "number" ? one - other : words.compare(one, other));
}

function sort(table, place) {
  const heads = [...table.tHead.rows[0].cells];
  const isNumber = heads[place].classList.contains("number");
  const before = heads[place].getAttribute("aria-sort");
  // numbers begin with the greatest one, names with the first one
  const now = before ? (before === "ascending" ? "descending" : "ascending") : isNumber ? "descending" : "ascending";
  const sign = now === "ascending" ? 1 : -1;
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => [key(row, place, isNumber), row]);
  rows.sort((one, other) => compare(one[0], other[0], sign));
  body.append(...rows.map((pair) => pair[1]));
  heads.forEach((head, other) => (other === place ? head.setAttribute("aria-sort", now) : head.removeAttribute("aria-sort")));
}

function addSorting(table) {
  [...table.tHead.rows[0].cells].forEach((head, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(table, place));
    head.append(button);
  });
}

function addFinding(table) {
  const label = document.createElement("label");
  const field = document.createElement("input");
  const said = document.createElement("span");
  field.type = "search";
  said.setAttribute("role", "status");
  label.className = "find";
  label.append("Find ", field, said);
  table.parentElement.before(label);
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    const rows = [...table.tBodies[0].rows];
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    said.textContent = wanted ? ` ${rows.filter((row) => !row.hidden).length} of ${rows.length}` : "";
  });
}

document.querySelectorAll("table.sorts").forEach(addSorting);
document.querySelectorAll("table.finds").forEach(addFinding);
