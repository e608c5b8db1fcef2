using System.Net;
using System.Net.Http.Headers;

namespace Influx;

/// <summary>The paths <c>/write</c> and <c>/api/v2/write</c>: what their answers mean.</summary>
internal static class WriteEndpoint
{
    public static async Task<WriteAnswer> WriteAsync(
        InfluxHttp http, string path, string bucket, ReadOnlyMemory<byte> gzip, CancellationToken cancellationToken)
    {
        var what = $"write to '{bucket}'";
        var answer = await http.AskOnceAsync(HttpMethod.Post, path, () => Body(gzip), authorize: true, cancellationToken);
        // Nothing but 204 says that the points are in: any other success is of something that never saw the database.
        if (answer.IsSuccess)
        {
            http.Done(what, HttpStatusCode.NoContent, answer);
            return WriteAnswer.Written;
        }
        if (answer.Status == HttpStatusCode.RequestEntityTooLarge)
            return new WriteAnswer(WriteStatus.TooLarge, "413", BeyondRetention: false, answer.Headers.Date);
        if (!answer.IsPage && IsAboutData(answer.Status, answer.ErrorText))
            return new WriteAnswer(WriteStatus.Refused, answer.ErrorText, IsBeyondRetention(answer.ErrorText), answer.Headers.Date);
        throw http.Refused(what, answer);
    }

    // 2.7 answers a type conflict inside one batch with 500 (docs/influxdb.md).
    private static bool IsAboutData(HttpStatusCode status, string text) => status switch
    {
        HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity => true,
        HttpStatusCode.InternalServerError => text.Contains("field type conflict", StringComparison.Ordinal)
            || text.Contains("partial write", StringComparison.Ordinal),
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
