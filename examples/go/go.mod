module example.com/privatelink

go 1.19
