/*
 * Admits a write, or not. KEYS: the paused lanes, the writes under way, then the stopped workloads of each cluster.
 * ARGV: the lane, the ticket, the cap and its span in microseconds, how long a write counts as under way (microseconds);
 * then for each workload to be stopped the index of its cluster's key, its name there, and 1 when the cap is waived.
 *
 * Returns nothing when the lane is paused; else the time, and for each workload when it was stopped before within the span
 * ('' for never), or 'over'. What is over the cap is not counted; all others count from now on, each once.
 */
export const ADMIT = `
local paused = redis.call('HMGET', KEYS[1], '*', ARGV[1])
if paused[1] or paused[2] then return {} end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local stamp = string.format('%.0f', now)
local count = tonumber(ARGV[3])
local span = tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now - tonumber(ARGV[5])))
redis.call('ZADD', KEYS[2], stamp, ARGV[1] .. ' ' .. ARGV[2])
local taken = {}
for i = 3, #KEYS do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', string.format('%.0f', now - span))
  taken[i] = redis.call('ZCARD', KEYS[i])
end
local answer = {stamp}
for i = 6, #ARGV, 3 do
  local at = tonumber(ARGV[i])
  local before = redis.call('ZSCORE', KEYS[at], ARGV[i + 1])
  if before or taken[at] < count or ARGV[i + 2] == '1' then
    if not before then taken[at] = taken[at] + 1 end
    redis.call('ZADD', KEYS[at], stamp, ARGV[i + 1])
    redis.call('PEXPIRE', KEYS[at], math.ceil(span / 1000))
    answer[#answer + 1] = before and string.format('%.0f', before) or ''
  else
    answer[#answer + 1] = 'over'
  end
end
return answer`

/*
 * Ends a write. KEYS: the writes under way, then the stopped workloads of each cluster. ARGV: the lane and the ticket; then
 * for each workload that was not stopped after all the index of its key, its name, when this write counted it, and when it
 * was stopped before ('' for never). What another write has counted since stays.
 */
export const CLOSE = `
redis.call('ZREM', KEYS[1], ARGV[1] .. ' ' .. ARGV[2])
for i = 3, #ARGV, 4 do
  local key = KEYS[tonumber(ARGV[i])]
  local score = redis.call('ZSCORE', key, ARGV[i + 1])
  if score and tonumber(score) == tonumber(ARGV[i + 2]) then
    if ARGV[i + 3] == '' then redis.call('ZREM', key, ARGV[i + 1])
    else redis.call('ZADD', key, ARGV[i + 3], ARGV[i + 1]) end
  end
end`

/*
 * Mutes a workload. KEYS: its mute. ARGV: reason, until, cause, and how long to remember the cause, all in milliseconds.
 * Returns reason, until and cause of the mute that stands: an earlier one of the same cause, which is not made longer, or of
 * another cause when that lasts longer, else the new one.
 */
export const MUTE = `
local known = redis.call('HMGET', KEYS[1], 'reason', 'until', 'cause')
if known[2] and (known[3] == ARGV[3] or tonumber(known[2]) >= tonumber(ARGV[2])) then return known end
redis.call('HSET', KEYS[1], 'reason', ARGV[1], 'until', ARGV[2], 'cause', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {ARGV[1], ARGV[2], ARGV[3]}`
