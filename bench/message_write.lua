-- wrk's part: every request is a new message (a UUIDv7 of its own) of the next guest. Prints one line of JSON at the end.
local ffi = require("ffi")
ffi.cdef[[
typedef struct { long tv_sec; long tv_usec; } frontdesk_timeval;
int gettimeofday(frontdesk_timeval *tv, void *tz);
]]
local now = ffi.new("frontdesk_timeval")
local format, random, floor = string.format, math.random, math.floor
local guests, texts, at, said = {}, {}, 0, 0

function init(args)
  math.randomseed(tonumber(args[2]))
  for line in io.lines(args[1]) do
    local token, conversation = line:match("^G (%S+) (%S+)$")
    if token then
      guests[#guests + 1] = {
        path = "/widget/conversations/" .. conversation .. "/messages",
        headers = { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" },
      }
    else
      texts[#texts + 1] = line:sub(3)
    end
  end
end

local function uuid7()
  ffi.C.gettimeofday(now, nil)
  local ms = tonumber(now.tv_sec) * 1000 + floor(tonumber(now.tv_usec) / 1000)
  local high = floor(ms / 65536)
  return format("%08x-%04x-7%03x-%04x-%06x%06x", high, ms % 65536, random(0, 4095), random(32768, 49151),
    random(0, 16777215), random(0, 16777215))
end

function request()
  at = at % #guests + 1
  said = said % #texts + 1
  local guest = guests[at]
  return wrk.format("POST", guest.path, guest.headers, '{"id":"' .. uuid7() .. '","text":"' .. texts[said] .. '"}')
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(format(
    '\nRESULT {"requests":%d,"seconds":%f,"p50":%f,"p95":%f,"p99":%f,"max":%f,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e6, latency:percentile(95) / 1e6,
    latency:percentile(99) / 1e6, latency.max / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
