"""The CDK app. `python app.py --stage dev` writes the templates; `cdk deploy` calls it by cdk.json."""

from infra.assembly.synth import main

if __name__ == "__main__":
    main()
