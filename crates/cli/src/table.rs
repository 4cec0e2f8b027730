//! How tables look in a terminal.

use comfy_table::{ContentArrangement, LineStyle, Row, Table, TableStyle};

/// No lines but the one below the header.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─'));

/// A table as wide as what is in it, so that its lines can be searched and copied.
pub fn table(header: impl Into<Row>) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled).set_header(header);
    table
}
