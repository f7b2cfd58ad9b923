const shortMonths = [4, 6, 9, 11]
const time = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/** True for a date and time of RFC 3339, section 5.6, that exists; a leap second may end any day of UTC. */
export function isTimestamp(text: string): boolean {
  const match = time.exec(text)
  if (match === null) return false
  const year = Number(match[1])
  const month = Number(match[2])
  const day = Number(match[3])
  const hour = Number(match[4])
  const minute = Number(match[5])
  const second = Number(match[6])
  const offsetHour = Number(match[8] ?? 0)
  const offsetMinute = Number(match[9] ?? 0)
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return false
  if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return false
  if (second < 60) return true
  const offset = (offsetHour * 60 + offsetMinute) * (match[7] === '-' ? -1 : 1)
  return (hour * 60 + minute - offset + 2 * 1440) % 1440 === 1439
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return shortMonths.includes(month) ? 30 : 31
}

// The grammar of RFC 3986, appendix A. Addresses in brackets are not taken apart.
const escaped = '%[0-9A-Fa-f]{2}'
const regName = `(?:[\\w.~!$&'()*+,;=-]|${escaped})*`
const userInfo = `(?:[\\w.~!$&'()*+,;=:-]|${escaped})*`
const path = `(?:[\\w.~!$&'()*+,;=:@/-]|${escaped})*`
const query = `(?:[\\w.~!$&'()*+,;=:@/?-]|${escaped})*`
const authority = `(?:${userInfo}@)?(?:\\[[\\w.~!$&'()*+,;=:-]+\\]|${regName})(?::\\d*)?`
const scheme = '[A-Za-z][A-Za-z0-9+.-]*:'
// What looks like a scheme and is none cannot begin a relative reference.
const uriReference = new RegExp(
  `^(?:${scheme}|(?![^/?#]*:))(?://${authority}(?:/${path})?|(?!//)${path})(?:\\?${query})?(?:#${query})?$`,
)
const absolute = new RegExp(`^${scheme}`)

/** True for a URI or a relative reference of RFC 3986. */
export function isUriReference(text: string): boolean {
  return uriReference.test(text)
}

/** True for a URI of RFC 3986 with its scheme; it may have a fragment. */
export function isUri(text: string): boolean {
  return absolute.test(text) && isUriReference(text)
}

const token = "[!#$%&'*+.^`{|}~\\w-]+"
const quoted = '"(?:[^"\\\\]|\\\\.)*"'
const mediaType = new RegExp(`^${token}/${token}(?:\\s*;\\s*${token}=(?:${token}|${quoted}))*$`)
const jsonType = /^[^/]+\/(?:[^;\s]+\+)?json\s*(?:;|$)/i

/** True for a media type with its parameters, by RFC 2045, section 5.1. */
export function isMediaType(text: string): boolean {
  return mediaType.test(text)
}

/** True for a media type that says JSON: its subtype is `json` or ends in `+json`. */
export function isJsonMediaType(text: string): boolean {
  return jsonType.test(text)
}
