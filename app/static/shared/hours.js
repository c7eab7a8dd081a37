/**
 * Opening hours, judged in their own time zone. No DOM.
 *
 * `Mo-Fr 09:00-12:00, 13:00-18:00, Sa 10:00-13:00; Asia/Seoul` is a list of days and times, as in
 * OpenStreetMap's `opening_hours`, then the IANA name of the zone. Times without days are for the
 * days before them, or for every day; `Fr 18:00-02:00` ends on Saturday; `2026-12-25 off` and
 * `12-25 off` are days without any. Korean days (월-금) are known too.
 */

/**
 * @typedef {{days: boolean[], from: number, to: number}} Span minutes of a day, `days` from Monday
 */
/** @typedef {{spans: Span[], off: Set<string>, zone: Intl.DateTimeFormat}} Hours */

const DAYS = ["mo", "tu", "we", "th", "fr", "sa", "su"];
const KOREAN_DAYS = ["월", "화", "수", "목", "금", "토", "일"];
const DAY = `(?:${[...DAYS, ...KOREAN_DAYS].join("|")})`;
const PART = new RegExp(`^(${DAY})?(?:-(${DAY}))?\\s*(?:(\\d\\d?):(\\d\\d)-(\\d\\d?):(\\d\\d))?$`);
const OFF = /^((?:\d{4}-)?\d\d-\d\d) off$/;
const DAY_MINUTES = 24 * 60;
const DAY_MILLISECONDS = DAY_MINUTES * 60_000;

/**
 * @param {string} text
 * @returns {Hours}
 * @throws {SyntaxError} that says which part can't be read
 */
export function readHours(text) {
  const [list, name, ...more] = text.split(";").map((part) => part.trim());
  if (!name || more.length) throw new SyntaxError("a list of hours, a semicolon and a time zone");
  const off = new Set();
  /** @type {Span[]} */
  const spans = [];
  /** @type {boolean[]} */
  let days = DAYS.map(() => true);
  let lacksTimes = false; // Whether more days may be added to `days`.
  for (const part of list.toLowerCase().split(",").map((one) => one.trim())) {
    const closed = OFF.exec(part);
    const read = closed ? null : PART.exec(part);
    if (closed) off.add(closed[1]);
    else if (!read || !part || (read[2] && !read[1])) throw new SyntaxError(part);
    if (!read) continue;
    if (read[1]) days = range(read[1], read[2], lacksTimes ? days : []);
    lacksTimes = !read[3];
    if (read[3]) spans.push({ days, ...times(read.slice(3).map(Number), part) });
  }
  if (lacksTimes || !spans.length) throw new SyntaxError(list);
  return { spans, off, zone: clockOf(name) };
}

/**
 * @param {Hours} hours
 * @param {Date} moment
 * @returns {boolean}
 */
export function isOpenAt({ spans, off, zone }, moment) {
  const now = localTime(zone, moment);
  // By the calendar, so that a day on which clocks are set does not count as another one.
  const yesterday = { ...dayBefore(now), minute: now.minute + DAY_MINUTES };
  return [now, yesterday].some(({ date, day, minute }) => {
    if (off.has(date) || off.has(date.slice(5))) return false;
    return spans.some(({ days, from, to }) => days[day] && from <= minute && minute < to);
  });
}

/**
 * @param {string|null|undefined} text opening hours, "" or null for none
 * @param {Date} [moment]
 * @returns {boolean} false only outside of hours that can be read
 */
export function isOpen(text, moment = new Date()) {
  if (!text) return true;
  try {
    return isOpenAt(readHours(text), moment);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    console.warn(`Threadkeeper: the opening hours "${text}" can't be read (${error.message}).`);
    return true;
  }
}

function range(from, to, before) {
  const [first, last] = [dayNumber(from), dayNumber(to ?? from)];
  const isReached = (day) => (day - first + 7) % 7 <= (last - first + 7) % 7;
  return DAYS.map((_, day) => isReached(day) || Boolean(before[day]));
}

function dayNumber(name) {
  return Math.max(DAYS.indexOf(name), KOREAN_DAYS.indexOf(name));
}

function times(clock, part) {
  const [fromHour, fromMinute, toHour, toMinute] = clock;
  const from = fromHour * 60 + fromMinute;
  const to = toHour * 60 + toMinute;
  const isValid = from < DAY_MINUTES && to <= DAY_MINUTES && fromMinute < 60 && toMinute < 60;
  if (!isValid) throw new SyntaxError(part);
  return { from, to: to > from ? to : to + DAY_MINUTES };
}

function clockOf(name) {
  const fields = { year: "numeric", month: "2-digit", day: "2-digit" };
  const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  try {
    const options = /** @type {Intl.DateTimeFormatOptions} */ ({ ...fields, ...time });
    return new Intl.DateTimeFormat("en-US", { ...options, timeZone: name });
  } catch {
    throw new SyntaxError(name);
  }
}

function localTime(zone, moment) {
  const parts = zone.formatToParts(moment).map(({ type, value }) => [type, value]);
  const { year, month, day, hour, minute } = Object.fromEntries(parts);
  return { ...onDate(`${year}-${month}-${day}`), minute: Number(hour) * 60 + Number(minute) };
}

function onDate(date) {
  return { date, day: (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7 };
}

function dayBefore({ date }) {
  const before = new Date(Date.parse(`${date}T00:00:00Z`) - DAY_MILLISECONDS);
  return onDate(before.toISOString().slice(0, 10));
}
