"use strict";
/* Keys and saving in the background. Without it the page's forms do the same, one request at a time. */

const work = document.getElementById("work");
const form = document.getElementById("judge");
const points = document.getElementById("points");
const text = document.getElementById("text");
const seen = document.getElementById("seen");
const said = document.getElementById("said");
const help = document.getElementById("help");
const conflict = document.getElementById("conflict");
const csrf = form.elements.csrf.value;
const boxes = [...form.querySelectorAll("input[name=remarks]")];
const PAUSE = 700; // milliseconds without a change before it is saved
const NEWS = 40000; // and between two questions of who is here

let saved = content();
let timer = 0;
let saving = null;
let marked = -1;

function content() {
  const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
  return JSON.stringify([points.value.trim(), chosen, text.value.trim()]);
}

function say(words, wrong = false) {
  said.textContent = words;
  said.classList.toggle("wrong", wrong);
}

/* Points left empty follow from the remarks. */
function follow() {
  const most = Number(work.dataset.maximum);
  const chosen = boxes.filter((box) => box.checked);
  const sum = chosen.reduce((total, box) => total + Number(box.dataset.points), most);
  points.placeholder = chosen.length ? String(Math.round(Math.min(most, Math.max(0, sum)) * 1e4) / 1e4) : "";
}

function changed() {
  follow();
  clearTimeout(timer);
  if (content() === saved) return;
  say("Not saved yet…");
  timer = setTimeout(save, PAUSE);
}

async function post(address, fields) {
  return fetch(address, {
    method: "POST",
    headers: { Accept: "application/json", "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields),
    keepalive: true,
  });
}

/* Save what changed; gives whether all is saved. One save goes after the other: each names the one before. */
async function save(action = "save") {
  clearTimeout(timer);
  if (saving) await saving;
  if (action === "save" && content() === saved) return true;
  saving = send(action);
  const done = await saving;
  saving = null;
  return done;
}

async function send(action) {
  const sent = content();
  const fields = [...new FormData(form)].concat([["action", action]]);
  say("Saving…");
  let response, answer;
  try {
    response = await post(work.dataset.address, fields);
    answer = response.headers.get("Content-Type") === "application/json" ? await response.json() : {};
  } catch {
    say("Not saved: the server does not answer. Is `autograder review` still running?", true);
    return false;
  }
  if (response.status === 409) {
    ask(answer);
    return false;
  }
  if (!response.ok) {
    say(answer.error || `Not saved (${response.status}): load the page again.`, true);
    return false;
  }
  saved = sent;
  seen.value = answer.seen;
  say(answer.points === "" ? `Taken back, ${answer.at}` : `Saved: ${answer.points} points, ${answer.at}`);
  const count = document.getElementById("count");
  const progress = document.getElementById("progress");
  count.textContent = `${answer.judged} of ${answer.people} judged`;
  count.hidden = progress.hidden = false;
  progress.max = answer.people || 1;
  progress.value = answer.judged;
  return true;
}

/* Somebody else was first: show what holds, and ask. */
function ask(theirs) {
  const first = theirs.who
    ? `${theirs.who} gave ${theirs.points} points at ${theirs.at}.`
    : `The review was taken back at ${theirs.at}.`;
  const words = theirs.text ? [`“${theirs.text}”`] : [];
  const remarks = theirs.remarks.map((remark) => `${remark}.`);
  document.getElementById("conflict-said").textContent = [first, ...remarks, ...words].join(" ");
  conflict.dataset.seen = theirs.seen;
  conflict.hidden = false;
  say("Not saved: somebody else was first.", true);
  conflict.focus(); // and not a button of it: a key that was meant for the next one decides nothing
}

async function next() {
  if (await save()) location.assign(work.dataset.next);
}

async function before() {
  if (work.dataset.before && (await save())) location.assign(work.dataset.before);
}

async function same() {
  if (await save("same")) location.reload();
}

function put(value) {
  points.value = value;
  changed();
}

function toggle(number) {
  const box = boxes[number - 1];
  if (!box) return;
  box.checked = !box.checked;
  changed();
}

function press(id) {
  const button = document.getElementById(id);
  if (button) save().then((done) => done && button.click());
}

/* Go through the marked lines, in a circle. */
function mark() {
  const lines = [...document.querySelectorAll(".marked")];
  if (!lines.length) return;
  marked = (marked + 1) % lines.length;
  document.querySelector(".marked.here")?.classList.remove("here");
  lines[marked].classList.add("here");
  lines[marked].scrollIntoView({ block: "center" });
}

function skip() {
  saved = content();
  clearTimeout(timer);
  location.assign(work.dataset.next);
}

const KEYS = {
  n: next,
  ArrowRight: next,
  p: before,
  ArrowLeft: before,
  g: () => (points.focus(), points.select()),
  m: () => put(work.dataset.maximum),
  a: () => work.dataset.proposed && put(work.dataset.proposed),
  r: () => text.focus(),
  c: mark,
  l: same,
  s: skip,
  f: () => press("flag"),
  o: () => press("second-opinion"),
  "?": () => help.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  const typing = event.target.matches("textarea, input:not([type=checkbox])");
  if (typing) {
    if (event.key === "Escape") event.target.blur();
    if (event.key === "Enter" && event.target === points) (event.preventDefault(), next());
    return;
  }
  const action = /^[1-9]$/.test(event.key) ? () => toggle(Number(event.key)) : KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

form.addEventListener("input", changed);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const action = event.submitter ? event.submitter.value : "next";
  if (event.submitter && event.submitter.id === "mine") {
    seen.value = conflict.dataset.seen;
    conflict.hidden = true;
    save();
  } else if (action === "same") same();
  else if (action === "next") next();
  else save();
});
document.getElementById("theirs").addEventListener("click", () => (saved = content()));
document.getElementById("skip").addEventListener("click", (event) => (event.preventDefault(), skip()));
document.getElementById("before")?.addEventListener("click", (event) => (event.preventDefault(), before()));
document.getElementById("keys").addEventListener("click", () => help.showModal());
document.getElementById("full").addEventListener("click", () => put(work.dataset.maximum));
document.getElementById("proposed")?.addEventListener("click", () => put(work.dataset.proposed));
for (const id of ["keys", "full", "proposed"]) document.getElementById(id)?.removeAttribute("hidden");
document.getElementById("save").hidden = true; // it is saved without being asked

for (const line of document.querySelectorAll(".no")) {
  line.addEventListener("click", () => {
    const start = text.value && !text.value.endsWith("\n") ? "\n" : "";
    text.value += `${start}${line.dataset.at}: `;
    text.focus();
    text.setSelectionRange(text.value.length, text.value.length);
  });
}

/* What was typed last is sent on the way out; what was refused keeps the page open. */
addEventListener("beforeunload", (event) => {
  if (content() === saved) return;
  if (said.classList.contains("wrong")) event.preventDefault();
  else save();
});

/* Who else is here */
async function news() {
  try {
    const response = await post(`${work.dataset.address}/here`, { csrf });
    if (!response.ok) return;
    const place = document.getElementById("others");
    place.replaceChildren(...(await response.json()).others.map(chip));
  } catch {
    /* the next save says that the server does not answer */
  }
}

function chip(one) {
  const made = document.createElement("span");
  made.className = one.here ? "chip waits" : "chip";
  made.textContent = one.here ? `${one.who} is here, too` : `${one.who}: ${one.label || one.item}`;
  made.title = one.item;
  return made;
}

follow();
news();
setInterval(() => document.hidden || news(), NEWS);
