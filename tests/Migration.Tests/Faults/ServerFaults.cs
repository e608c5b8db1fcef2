using System.Text;
using Microsoft.AspNetCore.Http;
using TestServers;

namespace Migration.Tests.Faults;

/// <summary>What servers, proxies before them and networks do wrong, by name.</summary>
internal static class ServerFaults
{
    private const string Html = "<html><body><h1>Sign in</h1><p>This network belongs to a hotel.</p></body></html>";
    private const string Msgpack = "application/x-msgpack";

    public static readonly IReadOnlyDictionary<string, Action<FaultRule, JumpingTime>> All =
        new Dictionary<string, Action<FaultRule, JumpingTime>>(StringComparer.Ordinal)
        {
            ["reset before the head"] = (rule, _) => rule.CutBefore(),
            ["answer lost"] = (rule, _) => rule.CutAfter(),
            ["reset after the head"] = (rule, _) => rule.Truncate(0),
            ["reset in mid-body"] = (rule, _) => rule.Truncate(40),
            ["429 with Retry-After"] = (rule, _) => rule.Answer(429, """{"error":"too many requests"}""", ("Retry-After", "1")),
            ["503"] = (rule, _) => rule.Answer(503, """{"error":"service unavailable"}"""),
            ["500"] = (rule, _) => rule.Answer(500, """{"error":"engine: disk on fire"}"""),
            ["500 timeout"] = (rule, _) => rule.Answer(500, """{"error":"timeout"}"""),
            ["502 of a proxy"] = (rule, _) => rule.Answer(502, "<html><h1>502 Bad Gateway</h1></html>", ("Content-Type", "text/html")),
            ["504 of a proxy"] = (rule, _) => rule.Answer(504, "<html><h1>504 Gateway Time-out</h1></html>", ("Content-Type", "text/html")),
            ["200 with HTML"] = (rule, _) => rule.Answer(200, Html, ("Content-Type", "text/html")),
            ["404 with HTML"] = (rule, _) => rule.Answer(404, Html, ("Content-Type", "text/html")),
            ["200 without a body"] = (rule, _) => rule.Answer(200),
            ["200 without a body, as msgpack"] = (rule, _) => rule.Answer(200, "", ("Content-Type", Msgpack)),
            ["204"] = (rule, _) => rule.Answer(204),
            ["200 with JSON"] = (rule, _) => rule.Answer(200, """{"results":[{"statement_id":0}]}""", ("Content-Type", "application/json")),
            ["HTML that claims to be msgpack"] = (rule, _) => rule.Answer(200, Html, ("Content-Type", Msgpack)),
            ["msgpack cut short"] = (rule, _) => rule.Change(body => body[..^3]),
            ["the last document missing"] = (rule, _) => rule.Change(body => Join(AnswerDocuments.Split(body).SkipLast(1))),
            ["a document missing"] = (rule, _) => rule.Change(body => Without(body)),
            ["an error in mid-stream"] = (rule, _) => rule.Change(body => [.. AnswerDocuments.Split(body)[0], .. Error("engine: bad block")]),
            ["query interrupted"] = (rule, _) => rule.Change(body => [.. AnswerDocuments.Split(body)[0], .. Error("query interrupted")]),
            ["an empty result"] = (rule, _) => rule.Change(_ => AnswerDocuments.Nothing),
            ["413"] = (rule, _) => rule.Answer(413, "<html>413 Request Entity Too Large</html>", ("Content-Type", "text/html")),
            ["401"] = (rule, _) => rule.Answer(401, """{"error":"authorization failed"}"""),
            ["403"] = (rule, _) => rule.Answer(403, """{"error":"forbidden by a rule"}"""),
            ["redirect"] = (rule, _) => rule.Answer(302, "", ("Location", "https://sign-in.example.com/")),
            ["400 for the data"] = (rule, _) => rule.Answer(400, """{"error":"partial write: max-values-per-tag limit exceeded dropped=1"}"""),
            ["silence"] = (rule, time) => rule.Answer(context => WaitInVainAsync(context, time)),
            ["an error's head and no body"] = (rule, time) => rule.Answer(context => StallAsync(context, time, 500, "application/json")),
            ["an error without end"] = (rule, _) => rule.Endless(500, "text/plain", "", _ => "no end "),
            ["a head and no body"] = (rule, time) => rule.Answer(context => StallAsync(context, time, 200, Msgpack)),
        };

    private static byte[] Join(IEnumerable<byte[]> documents) => [.. documents.SelectMany(document => document)];

    // From the middle, or the one before the last: what stays is well-formed and ends as it should.
    private static byte[] Without(byte[] answer) => AnswerDocuments.Without(answer, (AnswerDocuments.Split(answer).Count - 1) / 2);

    // A result that says that its statement failed, as 1.6.7 sends it under the status 200.
    private static byte[] Error(string text) =>
        [0x81, 0xa7, .. "results"u8, 0x91, 0x81, 0xa5, .. "error"u8, 0xd9, (byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    private static async Task StallAsync(HttpContext context, JumpingTime time, int status, string type)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        await context.Response.Body.FlushAsync();
        await WaitInVainAsync(context, time);
    }

    // Again and again, as the client may begin to wait a moment later.
    private static async Task WaitInVainAsync(HttpContext context, JumpingTime time)
    {
        while (!context.RequestAborted.IsCancellationRequested)
        {
            time.Pass(TimeSpan.FromSeconds(10));
            await Task.Delay(TimeSpan.FromMilliseconds(2), context.RequestAborted);
        }
    }
}
