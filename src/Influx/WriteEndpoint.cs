using System.Net;
using System.Net.Http.Headers;

namespace Influx;

/// <summary>The paths <c>/write</c> and <c>/api/v2/write</c>: what their answers mean.</summary>
internal static class WriteEndpoint
{
    public static async Task<WriteAnswer> WriteAsync(
        InfluxHttp http, string path, string bucket, ReadOnlyMemory<byte> gzip, CancellationToken cancellationToken)
    {
        using var answer = await http.SendAsync(HttpMethod.Post, path, () => Body(gzip), accept: null, authorize: true, cancellationToken);
        if (answer.IsSuccessStatusCode)
            return WriteAnswer.Written;
        if (answer.StatusCode == HttpStatusCode.RequestEntityTooLarge)
            return new WriteAnswer(WriteStatus.TooLarge, "413", BeyondRetention: false, answer.Headers.Date);
        var error = await InfluxHttp.ReadErrorAsync(answer, cancellationToken);
        if (IsAboutData(error))
            return new WriteAnswer(WriteStatus.Refused, error.Text, IsBeyondRetention(error.Text), answer.Headers.Date);
        throw http.Refused($"write to '{bucket}'", error, answer);
    }

    // 2.7 answers a type conflict inside one batch with 500 (OBSERVED 6.2).
    private static bool IsAboutData(ErrorAnswer error) => error.Status switch
    {
        HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity => true,
        HttpStatusCode.InternalServerError => error.Text.Contains("field type conflict", StringComparison.Ordinal)
            || error.Text.Contains("partial write", StringComparison.Ordinal),
        _ => false,
    };

    // 1.x and 2.x up to 2.7.11: "points beyond retention policy"; later: "… outside retention policy of duration …".
    private static bool IsBeyondRetention(string text) =>
        text.Contains("beyond retention policy", StringComparison.Ordinal)
        || text.Contains("outside retention policy", StringComparison.Ordinal);

    private static ReadOnlyMemoryContent Body(ReadOnlyMemory<byte> gzip)
    {
        var content = new ReadOnlyMemoryContent(gzip);
        content.Headers.ContentType = new MediaTypeHeaderValue("text/plain") { CharSet = "utf-8" };
        content.Headers.ContentEncoding.Add("gzip");
        return content;
    }
}
