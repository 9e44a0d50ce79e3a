-- An item of overdue work that an operator has closed is not added again.
create index attention_dismissed on attention (subject) where kind = 'overdue' and resolution = 'operator';
