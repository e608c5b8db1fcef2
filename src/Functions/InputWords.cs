namespace Functions;

/// <summary>Says in the words of an input what the stages say in those of the command line, as it stands in a cause or a report.</summary>
internal static class InputWords
{
    // An option with its value comes before the option alone.
    private static readonly (string Option, string Property)[] Words =
    [
        ("--full", "\"full\": true"),
        ("--existing reuse", "\"existing\": \"Reuse\""),
        ("--retention widen", "\"retention\": \"Widen\""),
        ("--verify none", "\"verify\": \"None\""),
        ("--skip-verify", "\"skipVerify\": true"),
        ("--allow-broad-token", "\"allowBroadToken\": true"),
        ("--ca-file", "\"caCertificate\" in its secret"),
        ("--bucket-map", "\"bucketMap\""),
        ("--exclude-measurement", "\"excludeMeasurements\""),
        ("--measurement", "\"measurements\""),
        ("--tag", "\"tags\""),
        ("--start", "\"start\""),
        ("--stop", "\"stop\""),
        ("--src-org", "\"org\" of \"source\""),
        ("--dest-org", "\"org\" of \"destination\""),
        ("--dest-bucket", "\"bucket\" of \"destination\""),
        ("--dir-name", "\"migrationId\""),
    ];

    /// <summary>The text with each option of <c>migrate</c> replaced by the input's property.</summary>
    public static string Of(string text)
    {
        if (!text.Contains("--", StringComparison.Ordinal))
            return text;
        foreach (var (option, property) in Words)
            text = text.Replace(option, property, StringComparison.Ordinal);
        return text;
    }
}
