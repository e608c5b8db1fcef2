using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using TestServers;

namespace Influx.Tests;

/// <summary>
/// Sends the recorded requests of a real 2.7.1 to the test server, in their order and with the recorded ids, and compares status,
/// content type, error code and body. Recordings left out: see the head of Recorded/2.7.1/order.txt.
/// </summary>
public sealed class Influx2ReplayTests
{
    // When the recorded points inside the retention were written; they are moved to the time of the run.
    private const string RecordedNow = "1795487989";

    [Fact]
    public async Task Answers_as_the_recorded_server_did()
    {
        var names = RecordedExchange.Order;
        var exchanges = names.Where(name => name[0] != '+').ToDictionary(name => name, RecordedExchange.Load);
        var identities = new RecordedIdentities(exchanges.Values);
        await using var server = await Influx2Server.StartAsync(new Influx2Options { Onboarded = false, Identity = identities.Find });
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { BaseAddress = server.Url };
        var differences = new List<string>();

        foreach (var name in names)
        {
            if (name[0] == '+')
                await server.AddBucketAsync("org1", name[1..]);
            else if (await DifferenceAsync(client, exchanges[name]) is { } difference)
                differences.Add($"{name}: {exchanges[name].RequestLine}\n{difference}");
        }

        Assert.True(differences.Count == 0, $"{differences.Count} of {exchanges.Count} differ\n{string.Join("\n\n", differences)}");
    }

    private static async Task<string?> DifferenceAsync(HttpClient client, RecordedExchange recorded)
    {
        using var request = Request(recorded);
        using var answer = await client.SendAsync(request);
        var body = await answer.Content.ReadAsByteArrayAsync();

        var expected = Describe(recorded.Status, recorded.AnswerHeaders.GetValueOrDefault, recorded.AnswerBody);
        var actual = Describe((int)answer.StatusCode, header => Header(answer, header), body);
        if (expected == actual)
            return null;
        var same = expected.Zip(actual).TakeWhile(pair => pair.First == pair.Second).Count();
        return $"  expected {Around(expected, same)}\n  actual   {Around(actual, same)}";
    }

    // Key and time of a session are chance; its name and attributes are not.
    private static string? Names(string? cookie) => cookie is null ? null : string.Join(';', cookie.Split(';').Select(part => part.Split('=')[0]));

    private static string Around(string text, int place)
    {
        var from = Math.Max(0, place - 150);
        return text[from..Math.Min(text.Length, place + 250)];
    }

    private static string Describe(int status, Func<string, string?> header, byte[] body)
    {
        var type = header("Content-Type");
        string?[] headers = [type, header("X-Platform-Error-Code"), header("X-Influxdb-Version"), header("X-Influxdb-Build"), header("Vary"), Names(header("Set-Cookie"))];
        return $"{status} {string.Join(", ", headers)}\n{ReadableAnswer.Of(body, type)}";
    }

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) || answer.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : null;

    private static HttpRequestMessage Request(RecordedExchange recorded)
    {
        var parts = recorded.RequestLine.Split(' ');
        var request = new HttpRequestMessage(new HttpMethod(parts[0]), new Uri(parts[1], UriKind.Relative));
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var body = recorded.RequestBody;
        if (body.AsSpan().IndexOf(Encoding.ASCII.GetBytes(RecordedNow)) >= 0)
            body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body).Replace(RecordedNow, now, StringComparison.Ordinal));
        request.Content = new ByteArrayContent(body);
        foreach (var (name, value) in recorded.RequestHeaders)
        {
            if (name is "Content-Type")
                request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
            else if (name is "Content-Encoding")
                request.Content.Headers.ContentEncoding.Add(value);
            else if (name is "Authorization" or "Accept")
                request.Headers.TryAddWithoutValidation(name, value);
        }
        return request;
    }
}
