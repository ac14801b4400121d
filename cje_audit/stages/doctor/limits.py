"""What the preflight compares with, each number with its reason."""

TOLERANCE = 0.1  # nats per token: batched half-precision kernels stay below, values of a neighbouring token do not
NOISY = 5.0  # times the largest difference between two scorings of one token, where that is more
GROSS = 0.5  # nats per token on average: more than sampling settings or half precision make of one's own words
FAR = 3.0  # nats per token on average: more than any sampling setting makes of the likeliest words of all
GREEDY_TOLERANCE = 0.1  # nats per token on average between writing and scoring one's own words
NOISE_WARN = 0.1  # nats per response: from here on noise alone costs 1 % of the effective sample size, 1 − e^(−s²)
NOISE_FAIL = 0.83  # nats per response: half of it
EQUAL = 0.05  # nats per response between two endpoints: costs less than 0.3 % of the effective sample size
EQUAL_NOISE = 3.0  # times what two scorings of one text differ by at one endpoint, where that is more
SAME = 1e-9  # nats: two policies closer than this on every probe are one and the same
DISK_FAIL, DISK_WARN = 200e6, 2e9  # bytes: raw answers of 20,000 requests take about 1 GB
SECONDS = 40.0  # for all scoring; what has no answer by then ends as a timeout
JUDGE_SECONDS = 15.0  # at least, for a judge that has to wait until its endpoint has scored
ONE_ANSWER = 20.0  # seconds for one answer of an endpoint that has answered before
AT_ONCE = 2  # requests in flight per endpoint: a server that answers one at a time makes the others wait
ATTEMPTS = 3
WRITTEN = 6  # tokens the model writes after each opening
