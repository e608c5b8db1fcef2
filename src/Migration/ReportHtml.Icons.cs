namespace Migration;

/// <summary>A colour, a shape and a word for each verdict: none of the three is needed to tell them apart.</summary>
public static partial class ReportHtml
{
    private static string Tone(Verdict verdict) => verdict switch
    {
        Verdict.Verified => "good",
        Verdict.Unverified => "open",
        Verdict.Incomplete or Verdict.Quarantined => "warn",
        _ => "bad",
    };

    private static string Icon(Verdict verdict) =>
        "<svg class=\"icon\" viewBox=\"0 0 48 48\" aria-hidden=\"true\">" + Shape(verdict, "currentColor", "var(--card)") + "</svg>";

    private static string TabIcon(Verdict verdict)
    {
        var color = verdict switch
        {
            Verdict.Verified => "#14794b",
            Verdict.Unverified => "#4658a9",
            Verdict.Incomplete or Verdict.Quarantined => "#a15c00",
            _ => "#c0223b",
        };
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 48 48\">" + Shape(verdict, color, "#fff") + "</svg>";
    }

    private static string Shape(Verdict verdict, string fill, string stroke)
    {
        var (outline, sign) = verdict switch
        {
            Verdict.Verified => (Circle, "M14 25l7 7 14-15"),
            Verdict.Unverified => (Circle, "M18 19a6.5 6.5 0 1 1 9 6c-2 .9-3 2-3 4.5M24 36v.1"),
            Verdict.Quarantined => ("<path d=\"M24 4 46 43H2Z\" stroke-linejoin=\"round\"/>", "M24 18v12M24 36.5v.1"),
            Verdict.Incomplete => (Circle, "M24 10a14 14 0 1 0 14 14"),
            Verdict.Different => (Circle, "M14 20h20M14 29h20M30 12 18 37"),
            _ => ("<path d=\"M15 2h18l13 13v18L33 46H15L2 33V15Z\"/>", "M14 24h20"),
        };
        return $"<g fill=\"{fill}\">{outline}</g><path d=\"{sign}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"4.5\" stroke-linecap=\"round\" stroke-linejoin=\"round\"/>";
    }

    private const string Circle = "<circle cx=\"24\" cy=\"24\" r=\"22\"/>";
}
