// What a questionnaire's own controls need beyond HTML; every one of them works without this file.
(() => {})();
