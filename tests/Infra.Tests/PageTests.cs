using System.Text.RegularExpressions;
using Migration;

namespace Infra.Tests;

public sealed class PageTests(SynthesisedStacks stacks)
{
    private static readonly string Pages = string.Concat(
        Directory.EnumerateFiles(Path.Combine(ProjectFolder.Root, "docs"), "*.md").Select(File.ReadAllText));

    [Fact]
    public void Shows_the_state_machine_that_is_deployed()
    {
        var picture = StateMachinePicture.Draw(new StateMachineJson(stacks.All[0].PipelineJson));

        Assert.True(Pages.Contains($"```mermaid\n{picture}```", StringComparison.Ordinal), $"put this picture into docs/how-it-works.md:\n{picture}");
    }

    [Fact]
    public void Describes_every_property_of_an_environment()
    {
        var source = File.ReadAllText(Path.Combine(ProjectFolder.Root, "infra", "EnvironmentList.cs"));
        var properties = Regex.Matches(source, "(?:reader\\.(?:Text|Texts|Choice|Number|Numbers|Flag|Objects|Object|Raw)\\(|Needed\\(reader, )\"(?<name>\\w+)\"", RegexOptions.None, TimeSpan.FromSeconds(1))
            .Select(match => match.Groups["name"].Value).Distinct(StringComparer.Ordinal).ToList();

        Assert.True(properties.Count > 25);
        Assert.All(properties, name => Assert.Contains($"`{name}`", Pages, StringComparison.Ordinal));
    }

    [Fact]
    public void Says_what_to_do_for_every_error_name()
    {
        var fails = new StateMachineJson(stacks.All[0].PipelineJson).AllStates.Where(state => state.Kind == "Fail").Select(state => (string?)state.Json["Error"]).OfType<string>();

        Assert.All(ErrorNames.All.Concat(fails), name => Assert.Contains($"| `{name}` |", Pages, StringComparison.Ordinal));
    }

    [Fact]
    public void Names_every_output()
    {
        var outputs = stacks.All.SelectMany(environment => new[] { environment.DataJson, environment.PipelineJson })
            .SelectMany(template => template["Outputs"]!.AsObject().Select(output => output.Key)).Where(name => !name.StartsWith("Exports", StringComparison.Ordinal));

        Assert.All(outputs.Distinct(StringComparer.Ordinal), name => Assert.Contains($"`{name}`", Pages, StringComparison.Ordinal));
    }

    [Fact]
    public void Names_every_service_that_the_deployment_needs_and_no_other()
    {
        var types = stacks.All.SelectMany(environment => new[] { environment.DataJson, environment.PipelineJson })
            .SelectMany(template => template["Resources"]!.AsObject().Select(resource => ((string)resource.Value!["Type"]!).Split("::")[1].ToLowerInvariant()));
        var services = types.Select(service => service == "stepfunctions" ? "states" : service).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

        var sentence = Pages[Pages.IndexOf("the stacks need", StringComparison.Ordinal)..Pages.IndexOf("and nothing of any other service", StringComparison.Ordinal)];
        Assert.Equal(services, Regex.Matches(sentence, "`(?<name>\\w+)`", RegexOptions.None, TimeSpan.FromSeconds(1)).Select(match => match.Groups["name"].Value));
    }
}
