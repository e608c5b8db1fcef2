using System.Text.Json.Nodes;
using Functions.Runtime;
using Migration;

namespace Functions.Tests;

/// <summary>Causes that the state machine can read: Step Functions cuts longer ones, and then they are no JSON.</summary>
public sealed class ErrorBodyTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("\"")]
    [InlineData("ü")]
    [InlineData("\u0001")]
    [InlineData("😀")]
    [InlineData("x😀")]
    public void A_cause_of_any_length_and_letters_stays_whole_JSON_below_the_limit(string letter)
    {
        var text = string.Concat(Enumerable.Repeat(letter, 50_000));
        var failure = new InvalidOperationException(text, new InvalidOperationException(text, new InvalidOperationException(text, new InvalidOperationException(text))));

        var body = System.Text.Encoding.UTF8.GetString(ErrorBody.Write(failure));

        Assert.InRange(body.Length, 1, ErrorBody.MaxLength);
        var cause = JsonNode.Parse(body)!;
        Assert.Equal(ErrorNames.Bug, cause["errorType"]!.GetValue<string>());
        Assert.DoesNotContain('\uFFFD', cause["errorMessage"]!.GetValue<string>());
        Assert.EndsWith(" …", cause["errorMessage"]!.GetValue<string>(), StringComparison.Ordinal);
        // As the state machine puts a caught failure into its own cause: a text in JSON in a text.
        var caught = new JsonObject { ["Error"] = ErrorNames.Bug, ["Cause"] = body }.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        Assert.InRange(caught.Length, 1, 32_768);
    }

    [Fact]
    public void A_deep_stack_does_not_make_a_cause_too_long()
    {
        var failure = Assert.Throws<InvalidOperationException>(() => Deep<Dictionary<string, Dictionary<string, Dictionary<string, List<string>>>>>(200));

        Assert.InRange(ErrorBody.Write(failure).Length, 1, ErrorBody.MaxLength);
    }

    [Fact]
    public void A_short_message_is_told_whole()
    {
        var body = JsonNode.Parse(ErrorBody.Write(new NamedException(ErrorNames.InvalidInput, new string('x', 7_000))))!;

        Assert.Equal((ErrorNames.InvalidInput, 7_000), (body["errorType"]!.GetValue<string>(), body["errorMessage"]!.GetValue<string>().Length));
    }

    private static int Deep<T>(int depth) => depth == 0 ? throw new InvalidOperationException("deep") : Deep<T>(depth - 1) + 1;
}
