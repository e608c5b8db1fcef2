using System.Text.Json;
using Amazon.CDK;
using Amazon.CDK.AWS.Lambda;
using Infra;

var app = new App();
try
{
    var environments = JsonSerializer.SerializeToElement(app.Node.TryGetContext("environments"));
    var settings = EnvironmentList.Find(EnvironmentList.Read(environments), (string?)app.Node.TryGetContext("env"));
    _ = new Deployment(app, settings, Code.FromAsset(FunctionPackage.Find(settings, (string?)app.Node.TryGetContext("code"))));
}
catch (EnvironmentException wrong)
{
    Console.Error.WriteLine(wrong.Message);
    return 2;
}
app.Synth();
return 0;
