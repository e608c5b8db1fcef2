using System.Text;
using Microsoft.AspNetCore.Http;

namespace TestServers;

/// <summary>Answers that no InfluxDB gives: those of other servers, of hostile ones, and of none. Each is a rule's <see cref="FaultRule.Answer(Func{HttpContext, Task})"/>.</summary>
public static class FaultBodies
{
    /// <summary>What a proxy says in the place of the server behind it.</summary>
    public const string Page = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please sign in to go on.</body></html>\n";

    /// <summary>A page with a status that says that all is well.</summary>
    public static FaultRule AnswerPage(this FaultRule rule, int status = 200) => rule.Answer(status, Page, ("Content-Type", "text/html"));

    /// <summary>Takes the request, and never says anything.</summary>
    public static FaultRule NeverAnswer(this FaultRule rule) =>
        rule.Answer(context => Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted));

    /// <summary>Sends the head of an answer and the start of its body, and never the rest.</summary>
    public static FaultRule NeverEnd(this FaultRule rule, int status, string contentType, string start = "") => rule.Answer(async context =>
    {
        await BeginAsync(context, status, contentType, start);
        await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
    });

    /// <summary>Sends a piece again and again, as fast as it is taken, until the client goes away.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="status">The status.</param>
    /// <param name="contentType">The media type.</param>
    /// <param name="start">What comes first.</param>
    /// <param name="piece">Makes the next piece by its number, from 0 on.</param>
    public static FaultRule Endless(this FaultRule rule, int status, string contentType, string start, Func<int, string> piece) => rule.Answer(async context =>
    {
        await BeginAsync(context, status, contentType, start);
        var gathered = new MemoryStream();
        for (var number = 0; ; number++)
        {
            gathered.Write(Encoding.Latin1.GetBytes(piece(number)));
            if (gathered.Length < 64 * 1024)
                continue;
            await context.Response.Body.WriteAsync(gathered.GetBuffer().AsMemory(0, (int)gathered.Length), context.RequestAborted);
            rule.AddSent(gathered.Length);
            gathered.SetLength(0);
        }
    });

    /// <summary>Sends one byte at a time, the last of them for ever.</summary>
    public static FaultRule Drip(this FaultRule rule, int status, string contentType, string text, TimeSpan perByte) => rule.Answer(async context =>
    {
        await BeginAsync(context, status, contentType, "");
        var bytes = Encoding.Latin1.GetBytes(text);
        for (var i = 0; ; i = Math.Min(i + 1, bytes.Length - 1))
        {
            await context.Response.Body.WriteAsync(bytes.AsMemory(i, 1), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(perByte, context.RequestAborted);
        }
    });

    private static async Task BeginAsync(HttpContext context, int status, string contentType, string start)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        await context.Response.Body.WriteAsync(Encoding.Latin1.GetBytes(start), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
